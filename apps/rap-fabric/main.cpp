// rap-fabric: the data plane of one host. Started and fed by rap-node-agent.
#include <iostream>

#include "command_line/parsing.hpp"
#include "io/system/standard_streams.hpp"
#include "io/system/system.hpp"
#include "node/fabric/run_fabric.hpp"
#include "node/fabric/settings.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  rap::io::occupy_standard_descriptors();
  rap::io::ignore_hangup();
  rap::io::gain_no_privileges();
  rap::io::leave_no_core();
  constexpr int kFailed = 1;
  const auto line = rap::parse_command_line(argc, argv);
  if (!line) return line.error();
  const auto settings = rap::fabric::settings_of(*line);
  if (!settings) {
    std::cerr << "rap-fabric: " << settings.error() << "\n";
    return rap::command_line::kWrongUsage;
  }
  rap::io::StderrLog lines("rap-fabric");
  if (const auto ok = lines.write_to(line->log_file); !ok) {
    std::cerr << "rap-fabric: " << ok.error() << "\n";
    return kFailed;
  }
  if (const auto ran = rap::fabric::run_fabric(*settings, lines); !ran) {
    std::cerr << "rap-fabric: " << ran.error() << "\n";
    return kFailed;
  }
  return 0;
}
