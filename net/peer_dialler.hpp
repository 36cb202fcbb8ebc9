// Which addresses to connect to, and when: targets, the addresses their names lead to, and what was found there. Included by net/peer_*.cpp only.
//
// A name is looked up again every 5 s while a node is missing. An address where a try failed is tried again after 0.5 s, one where no hello was
// accepted after 1 s, and the node's own after 30 s.
#pragma once

#include "base/clock.hpp"
#include "cluster/transport.hpp"
#include "net/asio.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace switchyard::net {

class peer_dialler {
 public:
  using endpoint = asio::ip::tcp::endpoint;
  /// Connects to it; the socket goes to `then`.
  using connected = std::function<void(const endpoint& where, tcp_socket socket)>;
  using is_linked = std::function<bool(const cluster::node_name&)>;

  peer_dialler(io_thread& thread, is_linked linked, connected then) : thread_(thread), linked_(std::move(linked)), then_(std::move(then)) {}

  void set_targets(std::vector<cluster::dial_target> targets) { targets_ = std::move(targets); }
  /// Starts what is due.
  void tick(steady_time now);
  /// Found by the last tick(): whoever is to be dialled is linked.
  [[nodiscard]] bool is_content() const noexcept { return content_; }
  /// How a connection that it made went on.
  void found(const endpoint& where, const cluster::node_name& node);
  void is_self(const endpoint& where, steady_time now);
  void refused(const endpoint& where, const std::string& why, steady_time now);
  /// That address is not on its way any more.
  void ended(const endpoint& where);
  void stop();

 private:
  struct place {
    cluster::node_name node;                     // whom a hello from there named last
    bool under_way = false;
    steady_time next{};
    std::string told;                            // the last failure that was logged
  };
  struct lookup {
    std::vector<endpoint> found;
    steady_time next{};
    bool under_way = false;
  };
  using resolver = asio::ip::basic_resolver<asio::ip::tcp, executor>;

  [[nodiscard]] const std::vector<endpoint>& addresses_of(const cluster::dial_target& target, steady_time now);
  void connect(const endpoint& where, steady_time now);
  void failed(const endpoint& where, const std::string& why, steady_time next);

  io_thread& thread_;
  is_linked linked_;
  connected then_;
  std::vector<cluster::dial_target> targets_;
  bool content_ = false;
  std::map<std::string, lookup> lookups_;        // by HOST:PORT
  std::map<endpoint, place> places_;
  std::vector<std::pair<std::shared_ptr<tcp_socket>, steady_time>> connecting_;   // until when
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::net
