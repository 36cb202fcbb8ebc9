// The node: load, start, wait for signals, stop.

#include "actors/node.hpp"
#include "base/log.hpp"
#include "net/io_thread.hpp"
#include "tools/sim/provider.hpp"
#include "tools/switchyard/options.hpp"
#include "web/index_html.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <malloc.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace switchyard {

namespace {

int report(const std::vector<config::problem>& problems) {
  for (const auto& p : problems) std::cerr << p.to_string() << '\n';
  std::cerr << "switchyard: " << problems.size() << (problems.size() == 1 ? " problem" : " problems") << " in the configuration\n";
  return 2;
}

std::string show(const config::listen_address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

/// The provider `sim` of a node that has no other: served by this process on a free loopback port.
config::provider_config simulated(const std::string& base_url) {
  config::provider_config sim;
  sim.name = "sim";
  sim.base_url = base_url;
  config::key_config key;
  key.name = "sim-key-1";
  key.models = {"small", "medium", "large"};
  sim.keys.push_back(key);
  sim.prices = {{"small", {0.15, 0.60, 0.075}}, {"medium", {2.5, 10.0, 1.25}}, {"large", {15.0, 75.0, 7.5}}};
  return sim;
}

/// What `auto` means where nobody has said: the cheapest first, the others behind it.
config::route_config automatic_route(const config::config& config) {
  config::route_config route;
  route.name = "auto";
  route.aliases = {"switchyard/auto"};
  config::fallback_stage_config fallback;
  for (const auto& model : config.providers.front().keys.front().models) {
    fallback.targets.push_back(config.providers.front().name + "/" + model);
    fallback.at.emplace_back();
  }
  route.stages.push_back({config::balance_stage_config{}, {}});
  route.stages.push_back({std::move(fallback), {}});
  return route;
}

void welcome(const actors::node_addresses& at, const config::config& config, bool sim) {
  std::string model = "MODEL";
  const auto& key = config.providers.front().keys.front();
  if (!key.models.empty()) model = config.providers.front().name + "/" + key.models.front();
  std::printf("\nSwitchyard is ready%s.\n"
               "  try it:     curl http://%s/v1/chat/completions -H 'content-type: application/json' \\\n"
               "                -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n"
               "  dashboard:  http://%s/\n\n",
               sim ? " with its built-in simulated provider (no provider is configured)" : "", show(at.data).c_str(), model.c_str(),
               show(at.admin).c_str());
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

/// What a cluster compares and shares; it was read and found well a moment ago.
std::string text_of(const std::string& config_file) {
  if (config_file.empty()) return {};
  std::ifstream in(config_file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void warn_of_readable_secrets(const std::string& config_file) {
  if (config_file.empty()) return;
  for (const auto& p : config::file_warnings(config_file)) log::warn("secret_readable", p.to_string());
}

int run(const tools::node_command& command) {
  auto loaded = tools::load_effective(command);
  if (!loaded.value) return report(loaded.problems);
  if (command.check) {
    if (!command.config_file.empty())
      for (const auto& p : config::file_warnings(command.config_file)) std::cerr << "warning: " << p.to_string() << '\n';
    std::cout << (command.config_file.empty() ? "environment" : command.config_file) << ": ok\n";
    return 0;
  }
  // Signals are taken by sigwait below; every thread started from here on inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_DUMPABLE, 0);   // credentials are in this process's memory: no core dumps
  raise_descriptor_limit();
  log::start(command.log);
  warn_of_readable_secrets(command.config_file);

  net::io_thread sim_thread("sim");
  std::unique_ptr<sim::simulated_provider> sim;
  const auto complete = [&](config::config& config) -> outcome {
    if (config.providers.empty()) {
      if (!sim) {
        sim_thread.start();
        net::io_thread* const threads[] = {&sim_thread};
        sim::simulator_options options;
        options.scripted = false;
        sim = std::make_unique<sim::simulated_provider>(threads, options);
        if (auto started = sim->start(); !started) return started.failure();
      }
      config.providers.push_back(simulated("http://" + show(sim->address())));
      if (config.routes.empty()) config.routes.push_back(automatic_route(config));
    }
    return done{};
  };
  if (auto ready = complete(*loaded.value); !ready) {
    std::cerr << "switchyard: " << ready.failure().message << '\n';
    return 1;
  }

  actors::node node(*loaded.value, {web_index_html, web_index_content_policy()}, text_of(command.config_file));
  auto at = node.start();
  if (!at) {
    std::cerr << "switchyard: " << at.failure().message << '\n';
    log::stop();
    const auto origin = at.failure().origin;
    return origin == error_origin::storage || origin == error_origin::client ? 2 : 1;   // data_dir and the cluster's files are part of the configuration
  }
  std::printf("listening data=%s admin=%s cluster=%s\n", show(at->data).c_str(), show(at->admin).c_str(), at->cluster ? show(*at->cluster).c_str() : "none");
  welcome(*at, *loaded.value, sim != nullptr);
  std::fflush(stdout);

  while (true) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (number != SIGHUP) {
      log::info("stopping", "finishing what is in flight", {{"signal", number == SIGTERM ? "TERM" : "INT"}});
      break;
    }
    auto next = tools::load_effective(command);
    if (!next.value) {
      for (const auto& p : next.problems) log::error("reload_refused", p.to_string());
      log::error("reload_refused", "the old configuration stays", {{"problems", static_cast<std::uint64_t>(next.problems.size())}});
      continue;
    }
    auto completed = complete(*next.value);
    if (auto taken = completed ? node.reload(*next.value, text_of(command.config_file)) : completed; !taken)
      log::error("reload_refused", taken.failure().message);
    else
      log::info("reloaded", "the new configuration is in force");
    warn_of_readable_secrets(command.config_file);
  }
  node.stop();
  if (sim) sim->drain(milliseconds(200));
  log::info("stopped", "bye");
  log::stop();
  return 0;
}

}  // namespace switchyard

int main(int argc, char** argv) {
  // What the ledger buffers comes and goes in pieces of 512 KiB. glibc would learn from the first one freed to keep all of them; with its
  // limits said, they are mapped and given back, and the heap is trimmed.
  mallopt(M_MMAP_THRESHOLD, 512 * 1024);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  const auto command = switchyard::tools::parse_command_line(argc, argv);
  return command.run ? switchyard::run(*command.run) : command.exit_code;
}
