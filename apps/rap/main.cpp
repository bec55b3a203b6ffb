// rap: parses, wires together, runs.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "client/command/command_line.hpp"
#include "client/network/https_network.hpp"
#include "client/network/socket_data_plane.hpp"
#include "client/terminal/child_programs.hpp"
#include "client/terminal/command_tree.hpp"
#include "client/terminal/home_files.hpp"
#include "client/terminal/output_end.hpp"
#include "client/terminal/tty.hpp"
#include "io/system/standard_streams.hpp"
#include "io/system/system.hpp"

namespace rap {
namespace {

int run(int argc, char** argv) {
  // Whoever reads our output may leave; writing then fails like any other write.
  const auto on_broken_pipe = std::signal(SIGPIPE, SIG_IGN);
  io::StandardOutput out;
  client::Invocation invocation;
  io::occupy_standard_descriptors();
  const auto tree = client::make_command_tree(invocation, RAP_VERSION);
  if (const auto status =
          client::read_command_line(*tree, invocation, {argv + 1, argv + argc}, out, std::cerr)) {
    return client::end_output(*status, out, on_broken_pipe, std::cerr);
  }
  io::SystemRandom random;
  client::HomeFiles home(client::home_directory());
  client::HttpsNetwork network;
  client::Tty terminal;
  client::ChildPrograms programs;
  client::SocketDataPlane data_plane(home, random, std::cerr);
  client::World world{home,   network, terminal,  programs,       data_plane,
                      random, out,     std::cerr, io::wall_now(), invocation.json};
  const int status = client::run_command(world, invocation);
  return client::end_output(status, out, on_broken_pipe, std::cerr);
}

}  // namespace
}  // namespace rap

int main(int argc, char** argv) { return rap::run(argc, argv); }
