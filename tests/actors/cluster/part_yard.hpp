// Nodes whose protocols are joined by a network without faults, each with one part: for tests of parts. Time moves by ticks of 20 ms.
#pragma once

#include "actors/cluster/part.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace switchyard::actors::testing {

class part_yard {
 public:
  using node_name = cluster::node_name;
  struct node {
    std::unique_ptr<cluster::node_protocols> protocols;
    cluster_part* part = nullptr;
  };

  explicit part_yard(std::vector<node_name> names) : names_(std::move(names)) {}

  void add(const node_name& name, cluster_part& part) {
    nodes_[name].part = &part;
    start(name);
  }
  /// Anew, as after a restart of the process: with another life.
  void start(const node_name& name) {
    cluster::node_protocols::surroundings around;
    around.replay = [this, name](const std::string& log, const std::function<void(const std::string&)>& visit) {
      for (const auto& bytes : disks_[name][log]) visit(bytes);
    };
    around.validate = [](const std::string&) { return std::string(); };
    around.period = [](const std::string&) { return 0; };
    auto& at = nodes_[name];
    cluster::protocol_options options;
    at.part->prepare(options, around);
    at.protocols = std::make_unique<cluster::node_protocols>(name, names_, ++lives_[name], options, now, around);
    at.part->begin(*at.protocols, now);
  }
  void run_for(nanoseconds length) {
    for (const auto end = now + length; now < end; now += milliseconds(20)) {
      if (every_tick) every_tick();
      for (auto& [name, node] : nodes_) {
        if (down.contains(name)) continue;
        if (const auto wanted = node.protocols->tick(now)) node.part->rows_wanted(*wanted, now);
        settle(name);
      }
    }
  }
  cluster::node_protocols& protocols(const node_name& name) { return *nodes_.at(name).protocols; }

  steady_time now = steady_time(std::chrono::hours(100));
  std::set<node_name> down, cut;                 // cut: these hear each other only
  std::function<void()> every_tick;

 private:
  // What the part left, and what comes of it.
  void settle(const node_name& name) {
    auto& node = nodes_.at(name);
    node.part->tick(now);
    for (auto& [log, record] : node.protocols->take_records()) {
      disks_[name][log].push_back(record.content);
      (void)node.protocols->written(log, record.number, now);
    }
    for (const auto& mail : node.protocols->out.take()) {
      if (!nodes_.contains(mail.to) || down.contains(mail.to) || cut.contains(name) != cut.contains(mail.to)) continue;
      const auto ended = nodes_.at(mail.to).protocols->receive(name, mail.kind, mail.body, now);
      BOOST_REQUIRE_MESSAGE(ended.has_value(), "a message does not decode");
      if (mail.to != name) settle(mail.to);
    }
  }

  std::vector<node_name> names_;
  std::map<node_name, node> nodes_;
  std::map<node_name, std::uint64_t> lives_;
  std::map<node_name, std::map<std::string, std::vector<std::string>>> disks_;
};

}  // namespace switchyard::actors::testing
