"""Pure layers never read a clock, a socket, a file or randomness: neither in their text nor in the
symbols their libraries ask for. Rooms that decide through ports keep to the textual rule."""

import re
import subprocess
import unittest

import layers
import sources

ROOMS = layers.read(sources.read(layers.FILE))

FORBIDDEN_HEADERS = re.compile(
    r"(sys/(socket|un|epoll|random|time|stat|file|mman)|netinet/.*|arpa/.*|netdb|unistd|fcntl|poll"
    r"|time|pthread)\.h|fstream|filesystem|random|thread|mutex|future|iostream")
FORBIDDEN_CODE = re.compile(
    r"(system|steady|high_resolution|utc|file)_clock::now|std::random_device|\bstd::thread\b"
    r"|\bgetenv\s*\("
    r"|\b(clock_gettime|gettimeofday|getrandom|getentropy|RAND_bytes|nanosleep|fopen)\s*\(")
FORBIDDEN_SYMBOLS = re.compile(
    r"(clock_gettime|gettimeofday|time|clock|nanosleep|clock_nanosleep|usleep|sleep"
    r"|socket|socketpair|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo"
    r"|getrandom|getentropy|s?random|s?rand|drand48|arc4random|RAND_(priv_)?bytes"
    r"|open(at)?(64)?|fopen(64)?|creat|read|write|p(read|write)(64)?|stat(64)?|unlink|rename"
    r"|fork|exec\w*|pthread_create|getenv"
    r"|_ZNSt6chrono3_V2\w*clock3nowEv|_ZNSt13random_device\w*|_ZNSt6thread\w*"
    r"|_ZNSt\w*basic_[io]?fstream\w*)")


def impure_text(path, text):
    code = sources.without_comments(text)
    found = [f"{path}:{line}: <{name}>" for line, system, name in sources.includes(text)
             if system and FORBIDDEN_HEADERS.fullmatch(name)]
    for number, line in enumerate(code.splitlines(), 1):
        if match := FORBIDDEN_CODE.search(line):
            found.append(f"{path}:{number}: {match[0]}")
    return found


def impure_symbols(nm_output):
    """The forbidden names among the undefined symbols that `nm -u` listed."""
    names = (line.split()[-1].split("@")[0] for line in nm_output.splitlines()
             if line.strip().startswith(("U ", "w ")))
    return sorted({name for name in names if FORBIDDEN_SYMBOLS.fullmatch(name)})


class Purity(unittest.TestCase):
    def test_rooms_that_do_no_io_mention_no_clock_socket_or_randomness(self):
        found = []
        for path in sources.files("src/*.hpp", "src/*.cpp"):
            kind = ROOMS[layers.room_of(path.relative_to("src"), ROOMS)].kind
            if kind in ("pure", "ports") and not sources.is_test(path):
                found += impure_text(path, sources.read(path))
        self.assertEqual([], found)

    def test_pure_libraries_ask_the_system_for_nothing(self):
        for name in (room.name for room in ROOMS.values() if room.kind == "pure"):
            library = sources.BUILD / f"librap_{name.replace('/', '_')}.a"
            has_code = any(not sources.is_test(p) for p in sources.files(f"src/{name}/*.cpp"))
            if not has_code:
                continue
            self.assertTrue(library.exists(), f"{library} is not built")
            listed = subprocess.run(["nm", "-u", library], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout
            self.assertEqual([], impure_symbols(listed), f"in {library.name}")


class TheRules(unittest.TestCase):
    """Planted faults are found."""

    def test_a_clock_in_the_text_is_found(self):
        self.assertTrue(impure_text("x.cpp", "auto t = std::chrono::steady_clock::now();\n"))
        self.assertFalse(impure_text("x.cpp", "// never calls steady_clock::now()\n"))

    def test_a_socket_header_is_found(self):
        self.assertTrue(impure_text("x.cpp", "#include <sys/socket.h>\n"))
        self.assertTrue(impure_text("x.cpp", "#include <random>\n"))

    def test_forbidden_symbols_are_found_and_others_are_not(self):
        listed = ("frame.cpp.o:\n                 U clock_gettime@GLIBC_2.17\n"
                  "                 U _ZNSt6chrono3_V212steady_clock3nowEv\n"
                  "                 U memcpy\n                 U strftime\n")
        self.assertEqual(["_ZNSt6chrono3_V212steady_clock3nowEv", "clock_gettime"],
                         impure_symbols(listed))


if __name__ == "__main__":
    unittest.main()
