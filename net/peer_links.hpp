// The links to all other nodes: cluster::transport over TLS 1.3, or plain TCP where every address is a loopback one.
//
// Two nodes that dial each other end up with two connections: the one that the node with the smaller name dialled is used, the other is read for
// 2 s more and closed. Connections are made at the same time and never wait for each other; each try ends after 3 s, the TCP part after 0.5 s.
#pragma once

#include "base/result.hpp"
#include "cluster/transport.hpp"
#include "config/config.hpp"
#include "net/io_thread.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::net {

struct peer_options {
  std::string cluster;                           ///< its name
  cluster::node_name self;
  std::vector<cluster::node_name> members;       ///< others are refused; empty: whoever has a certificate
  config::listen_address listen;
  std::optional<config::cluster_tls> tls;
  std::uint64_t incarnation = 0;                 ///< 0: says nothing to anyone before set_incarnation()
};

class peer_links : public cluster::transport {
 public:
  /// `thread` outlives it and has ended before it is destroyed, or was never started.
  peer_links(io_thread& thread, peer_options options);
  ~peer_links() override;

  /// Reads the TLS files and listens; the address with the real port. Nothing is accepted before the thread runs.
  [[nodiscard]] result<config::listen_address> start();
  /// Reads the TLS files again, for new connections; those that are open go on. With an error the old ones stay in use.
  [[nodiscard]] outcome renew_certificates();
  /// Drops every link and stops listening; returns once that is done. Not on its thread.
  void stop();

  void send(std::vector<cluster::outgoing> messages) override;
  [[nodiscard]] std::vector<cluster::arrival> take() override;
  void on_arrival(std::function<void()> call) override;
  /// Makes that call although nothing came: there is something else to look after. Any thread.
  void wake();
  void dial(std::vector<cluster::dial_target> targets) override;
  void set_incarnation(std::uint64_t incarnation) override;
  void drop(const cluster::node_name& peer, std::string why) override;
  [[nodiscard]] cluster::transport_figures figures() const override;

 private:
  class core;
  std::shared_ptr<core> core_;
};

}  // namespace switchyard::net
