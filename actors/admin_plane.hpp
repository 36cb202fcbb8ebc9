// The admin port: checks who asks, hands questions to the actors, streams events, serves the dashboard.
#pragma once

#include "actors/actor_world.hpp"
#include "config/config.hpp"
#include "net/server.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace switchyard::actors {

/// The page at "/" and its Content-Security-Policy.
struct dashboard_page {
  std::string_view html;                         ///< must outlive the plane
  std::string policy;
};

/// A bearer token is required when one is configured. Without one the listen address is loopback (config sees to that), and
/// requests that a web page of another origin could have caused are refused.
class admin_plane {
 public:
  admin_plane(net::io_thread& thread, actor_world& world, const config::admin_section& admin, config::listen_address data,
              dashboard_page dashboard, const std::atomic<bool>& draining);

  [[nodiscard]] result<config::listen_address> start();
  void stop();

 private:
  [[nodiscard]] net::task<void> serve(net::exchange& x);
  [[nodiscard]] net::task<void> stream_events(net::exchange& x);
  [[nodiscard]] net::task<void> playground(net::exchange& x);
  [[nodiscard]] std::optional<error> admit(const net::request_head& head) const;

  net::io_thread& thread_;
  actor_world& world_;
  secret token_;
  config::listen_address data_;
  dashboard_page dashboard_;
  const std::atomic<bool>& draining_;
  net::server server_;
};

}  // namespace switchyard::actors
