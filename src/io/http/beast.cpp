// The one place where Beast's own function bodies are compiled.
#include <boost/beast/src.hpp>
