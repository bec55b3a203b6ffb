"""Real programs in temporary folders, on addresses of their own."""

import os

# A proxy of the network that the tests run in has nothing to do with them.
for _name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
    os.environ.pop(_name, None)
