// Where protocols put what is to be sent; whoever runs them takes it out and sends it, in order.
#pragma once

#include "cluster/message.hpp"

#include <utility>
#include <vector>

namespace switchyard::cluster {

/// May be addressed to the node itself: it then takes its own way in, without a network.
struct outgoing {
  node_name to;
  message_kind kind{};
  std::string body;
};

class outbox {
 public:
  template <class Message>
  void send(const node_name& to, const Message& message) {
    waiting_.push_back({to, Message::kind, encode(message)});
  }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  [[nodiscard]] std::vector<outgoing> take() { return std::exchange(waiting_, {}); }

 private:
  std::vector<outgoing> waiting_;
};

}  // namespace switchyard::cluster
