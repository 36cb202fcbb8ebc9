// The simulated provider as a server: in `switchyard-sim`, and inside the node when no provider is configured.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "net/io_thread.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace switchyard::sim {

struct simulator_options {
  config::listen_address listen{"127.0.0.1", 0};
  std::optional<config::listen_address> control;   ///< where /sim/... is served; none: on `listen` too
  bool scripted = true;                            ///< false: no /sim/... at all (the node's built-in provider)
  milliseconds latency{0};                         ///< to the first token, for every model
  double tokens_per_second = 0;                    ///< 0: unpaced
  std::uint64_t seed = 1;                          ///< for faults with a probability
  bool fast = false;                               ///< canned answers, nothing recorded, no faults: for benchmarks
  std::string setup;                               ///< JSON {"models", "keys", "faults", "seed", "script"}, all optional
};

/// Answers on the given threads, which must outlive it. Deterministic: equal requests get equal answers, time stamps aside.
class simulated_provider {
 public:
  simulated_provider(std::span<net::io_thread* const> threads, simulator_options options);
  ~simulated_provider();

  /// Binds; fails on a bad setup or a taken port.
  [[nodiscard]] outcome start();
  /// After start(): with the real port.
  [[nodiscard]] const config::listen_address& address() const noexcept;
  [[nodiscard]] const config::listen_address& control_address() const noexcept;
  /// See net::server::drain.
  void drain(milliseconds limit);

 private:
  struct servers;
  std::unique_ptr<servers> servers_;
};

}  // namespace switchyard::sim
