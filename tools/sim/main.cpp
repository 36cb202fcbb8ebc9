// switchyard-sim: simulated providers for demos, tests and benchmarks.
#include "tools/sim/provider.hpp"

#include <CLI/CLI.hpp>
#include <pthread.h>
#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

namespace {

using namespace switchyard;

/// "127.0.0.1:0" or "[::1]:8080".
bool parse_listen(const std::string& text, config::listen_address& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const char* end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (failed != std::errc() || stopped != end) return false;
  out.host = host;
  return true;
}

/// "20ms", "1.5s" or a bare number of milliseconds.
bool parse_latency(const std::string& text, milliseconds& out) {
  double n = 0;
  const auto [stopped, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc() || n < 0) return false;
  const std::string_view unit(stopped, static_cast<std::size_t>(text.data() + text.size() - stopped));
  if (unit == "s") n *= 1000;
  else if (unit != "ms" && !unit.empty()) return false;
  out = milliseconds(static_cast<std::int64_t>(n));
  return true;
}

std::string print_address(const config::listen_address& a) {
  return (a.host.find(':') == std::string::npos ? a.host : "[" + a.host + "]") + ":" + std::to_string(a.port);
}

int fail(int code, const std::string& why) {
  std::fprintf(stderr, "switchyard-sim: %s\n", why.c_str());
  return code;
}

/// As many connections as the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:9090", control, latency = "0ms", config_file;
  unsigned threads = 0;
  sim::simulator_options options;
  CLI::App app("Simulated providers: deterministic answers, scripted faults. Control API under /sim/...", "switchyard-sim");
  app.add_option("--listen", listen, "address:port of the providers; port 0 takes a free one")->capture_default_str();
  app.add_option("--control-listen", control, "address:port of /sim/...; default: the providers' port");
  app.add_option("--latency", latency, "time to the first token, as 20ms or 1.5s")->capture_default_str();
  app.add_option("--tokens-per-second", options.tokens_per_second, "speed of every model; 0: as fast as possible")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--threads", threads, "0: one per core")->capture_default_str();
  app.add_option("--seed", options.seed, "for faults with a probability")->capture_default_str();
  app.add_option("--config", config_file, "JSON file with models, keys, faults, seed")->check(CLI::ExistingFile);
  app.add_flag("--fast", options.fast, "canned answers, nothing recorded: for benchmarks");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (!parse_listen(listen, options.listen)) return fail(2, "--listen needs address:port");
  if (!control.empty() && !parse_listen(control, options.control.emplace())) return fail(2, "--control-listen needs address:port");
  if (!parse_latency(latency, options.latency)) return fail(2, "--latency needs a duration such as 20ms");
  if (!config_file.empty()) {
    std::ifstream in(config_file);
    options.setup.assign(std::istreambuf_iterator<char>(in), {});
  }
  raise_descriptor_limit();

  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);   // before any thread: they inherit it
  std::signal(SIGPIPE, SIG_IGN);

  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<net::io_thread>> running;
  std::vector<net::io_thread*> handles;
  for (unsigned i = 0; i < threads; ++i) {
    running.push_back(std::make_unique<net::io_thread>("sim-" + std::to_string(i)));
    handles.push_back(running.back().get());
    running.back()->start();
  }
  int code = 0;
  {
    sim::simulated_provider provider(handles, options);
    if (auto started = provider.start(); !started) {
      code = fail(started.failure().origin == error_origin::client ? 2 : 1, started.failure().message);
    } else {
      std::printf("listening sim=%s", print_address(provider.address()).c_str());
      if (options.control) std::printf(" control=%s", print_address(provider.control_address()).c_str());
      std::printf("\n");
      std::fflush(stdout);
      int caught = 0;
      sigwait(&ending, &caught);
      provider.drain(milliseconds(200));
    }
  }
  for (auto& thread : running) thread->stop();
  for (auto& thread : running) thread->join();
  return code;
}
