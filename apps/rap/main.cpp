// rap: parses, wires together, runs.
#include <csignal>
#include <iostream>

#include "client/terminal/child_programs.hpp"
#include "client/terminal/command_tree.hpp"
#include "client/terminal/home_files.hpp"
#include "client/terminal/https_network.hpp"
#include "client/terminal/socket_data_plane.hpp"
#include "client/terminal/tty.hpp"
#include "io/system/system.hpp"

namespace rap {
namespace {

int status(client::ExitCode code) { return static_cast<int>(code); }

int run(int argc, char** argv) {
  client::Invocation invocation;
  const auto tree = client::parse_command_line(invocation, RAP_VERSION, argc, argv);
  if (!tree) return status(tree.error());
  // Whoever reads our output may leave; writing then fails like any other write.
  std::signal(SIGPIPE, SIG_IGN);

  io::SystemRandom random;
  client::HomeFiles home(client::home_directory());
  client::HttpsNetwork network;
  client::Tty terminal;
  client::ChildPrograms programs;
  client::SocketDataPlane data_plane(random, std::cerr);
  client::World world{home,   network,   terminal,  programs,       data_plane,
                      random, std::cout, std::cerr, io::wall_now(), invocation.json};
  const auto done = invocation.run(world);
  if (done) return *done;
  std::cerr << "rap: " << done.error().text << "\n";
  return status(done.error().code);
}

}  // namespace
}  // namespace rap

int main(int argc, char** argv) { return rap::run(argc, argv); }
