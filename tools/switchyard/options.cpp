#include "tools/switchyard/options.hpp"

#include "config/addresses.hpp"
#include "config/cluster.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <iostream>

namespace switchyard::tools {

namespace {

// "127.0.0.1:8080", "[::1]:0"
bool parse_address(const std::string& text, config::listen_address& out) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, port);
  if (failure != std::errc{} || stop != end || port > 65535) return false;
  out = {host, static_cast<std::uint16_t>(port)};
  return true;
}

bool is_loopback(const std::string& host) { return host == "::1" || host == "localhost" || host.starts_with("127."); }

void problem(config::load_result& result, const char* flag, const char* message) {
  result.problems.push_back({"command line", {}, flag, message});
}

void override_cluster(const node_command& command, config::config& config, config::load_result& result) {
  constexpr const char* expected = "expected HOST:PORT[,HOST:PORT...], such as 10.0.0.2:8082";
  if (!command.cluster_listen.empty() && !parse_address(command.cluster_listen, config.cluster.listen.emplace()))
    return problem(result, "--cluster-listen", "expected ADDR:PORT, such as 127.0.0.1:8082");
  if (!command.join.empty()) {
    config.cluster.seeds.clear();
    for (std::size_t from = 0; from <= command.join.size();) {
      const auto end = std::min(command.join.find(',', from), command.join.size());
      auto seed = config::parse_peer_address(command.join.substr(from, end - from));
      if (!seed) return problem(result, "--join", expected);
      config.cluster.seeds.push_back(std::move(*seed));
      from = end + 1;
    }
  }
  const auto& file = command.config_file.empty() ? std::string("command line") : command.config_file;
  for (auto& gap : config::cluster_start_gaps(config)) result.problems.push_back({file, {}, std::move(gap.key), std::move(gap.message)});
}

}  // namespace

parsed_command parse_command_line(int argc, char** argv) {
  CLI::App app{"Switchyard: the router in front of all your model traffic.", "switchyard"};
  node_command command;
  std::string level = "info";
  std::string format = "text";
  app.add_option("--config", command.config_file, "YAML or JSON file; without it providers come from the environment")->type_name("FILE");
  app.add_option("--listen", command.listen, "data plane, overrides server.listen")->type_name("ADDR:PORT");
  app.add_option("--admin-listen", command.admin_listen, "admin API, metrics and dashboard, overrides admin.listen")->type_name("ADDR:PORT");
  app.add_option("--data-dir", command.data_dir, "overrides node.data_dir")->type_name("DIR");
  app.add_option("--threads", command.threads, "I/O threads, overrides server.threads; 0: one per core")->check(CLI::Range(0, 256));
  app.add_option("--node-name", command.node_name, "overrides node.name")->type_name("NAME");
  app.add_option("--cluster-listen", command.cluster_listen, "where other nodes connect, overrides cluster.listen")->type_name("ADDR:PORT");
  app.add_option("--join", command.join, "where other nodes listen, overrides cluster.seeds")->type_name("HOST:PORT[,...]");
  app.add_option("--log-level", level, "trace, debug, info, warn, error or off")->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  app.add_option("--log-format", format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--check", command.check, "check the config and exit: 0 fine, 2 with every problem listed");
  app.set_version_flag("--version", "switchyard " SWITCHYARD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    const int code = app.exit(end);
    return {std::nullopt, code == 0 ? 0 : 2};
  }
  (void)log::parse_level(level, command.log.threshold);
  command.log.shape = format == "json" ? log::format::json : log::format::text;
  return {command, 0};
}

config::load_result load_effective(const node_command& command) {
  const auto env = config::process_environment();
  auto result = command.config_file.empty() ? config::from_environment(env) : config::load_file(command.config_file, env);
  if (!result.value) return result;
  auto& config = *result.value;
  if (!command.listen.empty() && !parse_address(command.listen, config.server.listen)) problem(result, "--listen", "expected ADDR:PORT, such as 127.0.0.1:8080");
  if (!command.admin_listen.empty()) {
    if (!parse_address(command.admin_listen, config.admin.listen))
      problem(result, "--admin-listen", "expected ADDR:PORT, such as 127.0.0.1:8081");
    else if (config.admin.token.empty() && !is_loopback(config.admin.listen.host))
      problem(result, "--admin-listen", "off loopback the admin API needs admin.token in the config");
  }
  if (command.threads >= 0) config.server.threads = command.threads;
  if (!command.node_name.empty()) config.node.name = command.node_name;
  if (!command.data_dir.empty()) config.node.data_dir = command.data_dir;
  override_cluster(command, config, result);
  if (!result.problems.empty()) result.value.reset();
  return result;
}

}  // namespace switchyard::tools
