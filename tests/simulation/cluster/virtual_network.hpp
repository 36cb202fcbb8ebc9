// The network between simulated nodes: it loses, delays, doubles and reorders, and every way can be cut by itself.
#pragma once

#include "cluster/outbox.hpp"
#include "tests/simulation/cluster/virtual_world.hpp"

namespace switchyard::cluster::simulation {

class virtual_network {
 public:
  using receiver = std::function<void(std::size_t from, std::size_t to, const outgoing& mail)>;

  virtual_network(virtual_world& world, std::size_t nodes, receiver deliver) : world_(world), nodes_(nodes), deliver_(std::move(deliver)), cuts_(nodes * nodes) {}

  void send(std::size_t from, std::size_t to, outgoing mail) {
    ++sent;
    bytes += mail.body.size();
    if (from == to) {                            // no network in between
      world_.after(10us, [this, from, mail = std::move(mail)] { deliver_(from, from, mail); });
      return;
    }
    if (!open(from, to) || world_.chance(loss)) return;
    if (world_.chance(doubled)) arrive(from, to, mail);
    arrive(from, to, std::move(mail));
  }

  /// Faults may overlap: a way is open when nothing cuts it.
  void cut(std::size_t from, std::size_t to, bool off) { cuts_[from * nodes_ + to] += off ? 1 : -1; }
  [[nodiscard]] bool open(std::size_t from, std::size_t to) const { return cuts_[from * nodes_ + to] == 0; }

  double loss = 0;
  double doubled = 0.01;
  double late = 0.003;                           // of the messages
  milliseconds latest{1500};
  std::uint64_t sent = 0;
  std::uint64_t bytes = 0;

 private:
  void arrive(std::size_t from, std::size_t to, outgoing mail) {
    const auto wait = world_.chance(late) ? world_.between(1ms, latest) : world_.between(200us, 3ms);
    world_.after(wait, [this, from, to, mail = std::move(mail)] {
      if (open(from, to)) deliver_(from, to, mail);
    });
  }

  virtual_world& world_;
  std::size_t nodes_;
  receiver deliver_;
  std::vector<int> cuts_;
};

}  // namespace switchyard::cluster::simulation
