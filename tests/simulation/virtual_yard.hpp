// One provider under load in virtual time: requests with latency on several I/O threads' worth of memories and budgets, outcomes that
// reach the breakers in batches, endpoints that die and come back. Everything comes from one seed.
#pragma once

#include "routing/breaker.hpp"
#include "routing/key_health.hpp"
#include "tests/routing/yard_fixture.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

namespace switchyard::routing::testing {

struct virtual_yard_options {
  std::vector<config::key_config> keys;
  config::balance_strategy strategy = config::balance_strategy::weighted;
  double requests_per_second = 200;
  std::size_t threads = 2;
  milliseconds latency = milliseconds(40);         ///< mean; 0.5 to 1.5 of it
  config::breaker_config breaker{};
};

class virtual_yard {
 public:
  struct key_figures {
    int calls = 0;
    int failures = 0;
  };

  virtual_yard(virtual_yard_options options, std::uint64_t seed) : options_(std::move(options)), random_(seed) {
    config::provider_config config;
    config.name = "openai";
    config.keys = options_.keys;
    config.breaker = options_.breaker;
    provider_ = provider(config);
    const std::vector<std::shared_ptr<const provider_entry>> all = {provider_};
    route_ = route("direct", all, {balance_of(options_.strategy)});
    for (const auto& k : provider_->keys) {
      keys_.push_back({k->state, breaker(options_.breaker), key_health(k->config.weight)});
      index_of_[k.get()] = keys_.size() - 1;
    }
    for (std::size_t i = 0; i < options_.threads; ++i)
      threads_.push_back({{}, random_source(random_.next()), retry_budget(config.retry.budget)});
    at(now_, [this] { arrive(); });
    at(now_ + milliseconds(10), [this] { deliver(); });
  }

  void set_alive(std::size_t key, bool alive) { keys_[key].alive = alive; }
  /// Probability that a live key answers 500.
  void set_error_rate(std::size_t key, double rate) { keys_[key].error_rate = rate; }
  [[nodiscard]] steady_time now() const { return now_; }
  [[nodiscard]] breaker_state state_of(std::size_t key) const { return keys_[key].state->breaker.load(); }
  [[nodiscard]] const breaker& breaker_of(std::size_t key) const { return keys_[key].fuse; }
  [[nodiscard]] const key_figures& figures(std::size_t key) const { return keys_[key].figures; }

  int requests = 0;
  int failed_requests = 0;
  int calls = 0;
  void reset_counts() {
    requests = failed_requests = calls = 0;
    for (auto& k : keys_) k.figures = {};
  }
  [[nodiscard]] double amplification() const { return requests == 0 ? 0.0 : static_cast<double>(calls) / requests; }
  [[nodiscard]] int in_flight() const {
    int sum = 0;
    for (const auto& k : keys_) sum += k.state->in_flight.load();
    return sum;
  }

  void run_for(nanoseconds length) {
    const auto end = now_ + length;
    while (!events_.empty() && events_.top().when <= end) {
      auto next = events_.top();
      events_.pop();
      now_ = next.when;
      next.what();
    }
    now_ = end;
  }
  void stop_arrivals() { arriving_ = false; }

 private:
  struct simulated_key {
    std::shared_ptr<key_state> state;
    breaker fuse;
    key_health health;
    bool alive = true;
    double error_rate = 0;
    key_figures figures{};
    std::vector<call_outcome> batch{};
  };
  struct io_thread {
    balance_memory memory;
    random_source random;
    retry_budget budget;
  };
  struct event {
    steady_time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const event& other) const { return when != other.when ? when > other.when : order > other.order; }
  };

  void at(steady_time when, std::function<void()> what) { events_.push({when, ++order_, std::move(what)}); }

  void arrive() {
    if (!arriving_) return;
    auto& thread = threads_[random_.below(threads_.size())];
    selection_request request;
    request.route = route_;
    request.asked = target{provider_, "gpt-4o"};
    ++requests;
    thread.budget.record_request(now_);
    attempt(std::make_shared<selection>(std::move(request), thread.memory, thread.random), thread, now_ + seconds(30));
    at(now_ + nanoseconds(static_cast<std::int64_t>(2e9 * random_.uniform() / options_.requests_per_second)), [this] { arrive(); });
  }

  void attempt(std::shared_ptr<selection> walk, io_thread& thread, steady_time deadline) {
    auto picked = walk->next(now_);
    if (!picked) {
      ++failed_requests;
      return;
    }
    auto pick = std::make_shared<picked_key>(std::move(picked.value()));
    at(now_ + pick->wait, [this, walk, &thread, deadline, pick] { dial(walk, thread, deadline, pick); });
  }

  void dial(const std::shared_ptr<selection>& walk, io_thread& thread, steady_time deadline, const std::shared_ptr<picked_key>& pick) {
    const auto which = index_of_.at(pick->key.get());
    auto& k = keys_[which];
    ++calls;
    ++k.figures.calls;
    const double mean_us = 1000.0 * static_cast<double>(options_.latency.count());
    const auto takes = microseconds(k.alive ? static_cast<std::int64_t>((0.5 + random_.uniform()) * mean_us) : 300);
    at(now_ + takes, [this, walk, &thread, deadline, pick, which, takes] {
      auto& key = keys_[which];
      call_outcome outcome;
      outcome.key = key.state->id;
      outcome.probe = pick->probe;
      outcome.finished = now_;
      outcome.duration = takes;
      outcome.result = !key.alive                           ? call_result::connect_failed
                       : random_.uniform() < key.error_rate ? call_result::server_error
                                                            : call_result::ok;
      if (outcome.result == call_result::ok) outcome.first_byte = takes;
      key.figures.failures += outcome.result != call_result::ok;
      key.batch.push_back(outcome);
      key.state->note_result(outcome.result, options_.breaker.min_requests);
      selection::finish(*pick, 0, now_);
      if (outcome.result == call_result::ok) return;
      const auto why = upstream_failure(error_code::upstream_error, "simulated");
      if (walk->failed(outcome.result, why, milliseconds(0), thread.budget, deadline, now_))
        attempt(walk, thread, deadline);
      else
        ++failed_requests;
    });
  }

  // What the actors do every 10 ms: fold outcomes, wake breakers, publish.
  void deliver() {
    double best = 0;
    for (auto& k : keys_) {
      for (const auto& outcome : k.batch) {
        k.fuse.record(outcome);
        k.health.record(outcome);
      }
      k.batch.clear();
      if (const auto wake = k.fuse.wake_at(); wake && *wake <= now_) k.fuse.tick(now_);
      k.fuse.publish(*k.state);
      const double latency = k.health.latency_ewma_us();
      if (latency > 0 && (best == 0 || latency < best)) best = latency;
    }
    for (auto& k : keys_) {
      k.state->latency_ewma_us = k.health.latency_ewma_us();
      k.state->weight = k.health.weight(best, now_);
    }
    at(now_ + milliseconds(10), [this] { deliver(); });
  }

  virtual_yard_options options_;
  random_source random_;
  std::shared_ptr<const provider_entry> provider_;
  std::shared_ptr<const route_entry> route_;
  std::vector<simulated_key> keys_;
  std::map<const key_entry*, std::size_t> index_of_;
  std::vector<io_thread> threads_;
  std::priority_queue<event> events_;
  std::uint64_t order_ = 0;
  steady_time now_ = t(seconds(0));
  bool arriving_ = true;
};

}  // namespace switchyard::routing::testing
