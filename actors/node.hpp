// One node: I/O threads, data plane, admin plane and actors, started and stopped in order.
#pragma once

#include "actors/admin_plane.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace switchyard::actors {

struct node_addresses {
  config::listen_address data;
  config::listen_address admin;
  std::optional<config::listen_address> cluster;   ///< nullopt: the node stands alone
};

/// start() once, then reload() any number of times, then stop(). Called from one thread that is not an I/O thread.
class node {
 public:
  /// `text`: of the file that it came from; empty: of none.
  node(config::config initial, dashboard_page dashboard, std::string text = {});
  ~node();

  /// Ready to take traffic when it returns. An error names the address that could not be bound or the file that could not be read;
  /// error_origin::storage: the data directory is in use, damaged or not writable.
  [[nodiscard]] result<node_addresses> start();
  /// Takes over what may change while running; listen addresses and thread counts need a restart (logged). In a cluster the shared sections of
  /// `text` are proposed to all nodes, unless they are in force, and only this node's own come from `next`.
  [[nodiscard]] outcome reload(config::config next, std::string text = {});
  /// /readyz turns 503, nothing new is accepted, what is in flight finishes within server.drain_timeout.
  void stop();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace switchyard::actors
