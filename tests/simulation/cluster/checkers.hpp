// What must hold, each checked by itself from the outside. A checker keeps the first few violations it finds, in words.
#pragma once

#include "base/money.hpp"
#include "cluster/config_messages.hpp"
#include "cluster/escrow_messages.hpp"
#include "cluster/record_messages.hpp"
#include "tests/simulation/cluster/virtual_world.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace switchyard::cluster::simulation {

class checker {
 public:
  [[nodiscard]] bool ok() const noexcept { return found_ == 0; }
  [[nodiscard]] std::string words() const {
    std::string all;
    for (const auto& one : violations_) all += one + "; ";
    return all;
  }
  void violated(std::string what) {
    if (++found_ <= 3) violations_.push_back(std::move(what));
  }

 private:
  int found_ = 0;
  std::vector<std::string> violations_;
};

/// Uses of one limit within any sliding 60 s are at most the limit.
class rate_checker : public checker {
 public:
  explicit rate_checker(std::int64_t limit) : limit_(limit) {}
  void used(std::int64_t amount, steady_time now) {
    while (!uses_.empty() && uses_.front().first <= now - 60s) {
      within_ -= uses_.front().second;
      uses_.pop_front();
    }
    uses_.emplace_back(now, amount);
    within_ += amount;
    all_ += amount;
    most_ = std::max(most_, within_);
    if (within_ > limit_) violated(std::to_string(within_) + " uses within 60 s of a limit of " + std::to_string(limit_));
  }
  [[nodiscard]] std::int64_t most() const noexcept { return most_; }
  [[nodiscard]] std::int64_t all() const noexcept { return all_; }

 private:
  std::int64_t limit_;
  std::int64_t within_ = 0, most_ = 0, all_ = 0;
  std::deque<std::pair<steady_time, std::int64_t>> uses_;
};

/// What providers were asked to charge is at most the budget, pool by pool.
class spend_checker : public checker {
 public:
  void spent(const escrow_pool_name& pool, nano_usd cost, nano_usd budget) {
    auto& sum = spent_[pool];
    sum += cost;
    if (sum > budget) violated("spent " + format_usd(sum) + " of " + format_usd(budget) + " on " + pool.budget);
  }
  [[nodiscard]] nano_usd sum(const escrow_pool_name& pool) { return spent_[pool]; }

 private:
  std::map<escrow_pool_name, nano_usd> spent_;
};

/// A row that was on its node's disk is never lost but with that disk, and not even then once it counted as shipped; nothing counts twice.
class ledger_checker : public checker {
 public:
  void durable(const std::string& row) { durable_.insert(row); }
  void shipped(const std::string& row) { shipped_.insert(row); }
  /// The disk is gone: rows of that node ("NODE/...") that were not shipped may be.
  void disk_lost(const std::string& node) {
    std::erase_if(durable_, [&](const std::string& row) { return row.starts_with(node + "/") && !shipped_.contains(row); });
  }
  /// All rows of all disks, as often as they stand there: on the node's own, and where they were shipped to.
  void compare(const std::multiset<std::string>& own, const std::multiset<std::string>& kept) {
    std::map<std::string, std::string> by_id;    // the union, as reports make it
    for (const auto* rows : {&own, &kept})
      for (const auto& row : *rows) {
        const auto id = row.substr(0, row.rfind('/'));
        const auto [known, fresh] = by_id.emplace(id, row);
        if (!fresh && known->second != row) violated("two rows of one id: " + row + " and " + known->second);
      }
    std::set<std::string> all;
    for (const auto& [id, row] : by_id) all.insert(row);
    for (const auto& row : durable_)
      if (!all.contains(row)) violated("lost: " + row);
    for (const auto& row : own)
      if (own.count(row) > 1) violated("twice in its ledger: " + row);
  }
  [[nodiscard]] std::size_t rows() const noexcept { return durable_.size(); }

 private:
  std::set<std::string> durable_, shipped_;
};

/// One counter means one text everywhere, no node goes back, and what was reported as done stays in the line.
class config_checker : public checker {
 public:
  void in_force(std::size_t node, const config_version& version) {
    const auto [known, fresh] = by_counter_.emplace(version.counter, version.sha256);
    if (!fresh && known->second != version.sha256) violated("two texts are version " + std::to_string(version.counter));
    auto& last = by_node_[node];
    if (version.counter < last) violated("node " + std::to_string(node) + " went back to version " + std::to_string(version.counter));
    last = std::max(last, version.counter);
  }
  void reported(const config_version& version) {
    const auto [known, fresh] = by_counter_.emplace(version.counter, version.sha256);
    if (!fresh && known->second != version.sha256) violated("done was said of a text that is not version " + std::to_string(version.counter));
    highest_reported_ = std::max(highest_reported_, version.counter);
  }
  void at_end(const config_version& version) {
    if (version.counter < highest_reported_) violated("version " + std::to_string(highest_reported_) + " was said to be done and is not in force");
  }
  [[nodiscard]] std::size_t versions() const noexcept { return by_counter_.size(); }

 private:
  std::map<std::uint64_t, std::string> by_counter_;
  std::map<std::size_t, std::uint64_t> by_node_;
  std::uint64_t highest_reported_ = 0;
};

/// A record that was on its writer's disk is replaced by a later one only, and what was gone once is gone in the end, on every node.
class record_checker : public checker {
 public:
  void made(const shared_record& record) {
    if (record.gone) gone_.insert(record.name);
    auto& most = counters_[record.name];
    most = std::max(most, record.counter);
    ++made_;
  }
  void at_end(const std::string& node, const std::map<std::string, shared_record>& all) {
    for (const auto& [name, counter] : counters_) {
      const auto held = all.find(name);
      if (held == all.end()) {
        violated(node + " has no record " + name);
      } else if (gone_.contains(name)) {
        if (!held->second.gone) violated(node + " has " + name + ", which was gone");
      } else if (held->second.counter < counter) {
        violated(node + " has an older " + name + " than was written");
      }
    }
  }
  [[nodiscard]] std::size_t all_made() const noexcept { return made_; }
  [[nodiscard]] std::size_t all_gone() const noexcept { return gone_.size(); }

 private:
  std::map<std::string, std::uint64_t> counters_;
  std::set<std::string> gone_;
  std::size_t made_ = 0;
};

}  // namespace switchyard::cluster::simulation
