// A node's disk: logs of records, synced in the order they were written. A crash keeps what was synced and, by chance, some of what came after.
#pragma once

#include "tests/simulation/cluster/virtual_world.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace switchyard::cluster::simulation {

class virtual_disk {
 public:
  explicit virtual_disk(virtual_world& world) : world_(world) {}

  /// `then` runs once the record is synced, unless the node crashed before.
  void append(const std::string& log, std::string record, std::function<void()> then) {
    waiting_.push_back({log, std::move(record), std::move(then)});
    last_sync_ = std::max(last_sync_, world_.now() + world_.between(300us, slowest_sync));
    world_.after(last_sync_ - world_.now(), [this, life = life_] {
      if (life == life_) sync_first();
    });
  }
  void crash() {
    ++life_;
    for (auto kept = world_.random.below(waiting_.size() + 1); kept > 0; --kept) {
      logs_[waiting_.front().log].push_back(std::move(waiting_.front().record));
      waiting_.pop_front();
    }
    waiting_.clear();
    last_sync_ = world_.now();
  }
  void lose() {
    crash();
    logs_.clear();
  }
  [[nodiscard]] const std::vector<std::string>& log(const std::string& name) { return logs_[name]; }

  milliseconds slowest_sync{5};

 private:
  struct write {
    std::string log;
    std::string record;
    std::function<void()> then;
  };
  void sync_first() {
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    logs_[first.log].push_back(std::move(first.record));
    first.then();
  }

  virtual_world& world_;
  std::map<std::string, std::vector<std::string>> logs_;
  std::deque<write> waiting_;
  steady_time last_sync_{};
  int life_ = 0;
};

}  // namespace switchyard::cluster::simulation
