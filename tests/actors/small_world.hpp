// A config with two keys and a route, records of calls with them, and an actor_world to give both to. Waiting is always for a
// condition, with a deadline that only a failing test reaches.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/ledger_writer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace switchyard::actors::testing {

constexpr auto deadline = seconds(20);

inline config::key_config key_named(std::string name, double weight) {
  config::key_config key;
  key.name = std::move(name);
  key.value = secret("sk-very-secret-" + key.name);
  key.weight = weight;
  key.models = {"gpt-4o", "gpt-4o-mini"};
  key.rpm = 500;
  return key;
}

/// Provider `openai` with keys `one` and `two`, route `auto` (balance, fallback). Breakers open after 4 calls, for a minute.
inline config::config two_keys() {
  config::config all;
  all.node.name = "yard-test";
  all.node.region = "eu-west";
  config::provider_config provider;
  provider.name = "openai";
  provider.base_url = "http://127.0.0.1:1";
  provider.keys = {key_named("one", 0.7), key_named("two", 0.3)};
  provider.breaker.min_requests = 4;
  provider.breaker.open_for = seconds(60);
  provider.prices = {{"gpt-4o", {2.5, 10.0, 1.25}}};
  all.providers.push_back(provider);
  config::route_config route;
  route.name = "auto";
  route.aliases = {"switchyard/auto"};
  config::balance_stage_config balance;
  balance.targets.push_back({"openai/gpt-4o", 1.0, {}});
  route.stages.push_back({balance, {}});
  route.stages.push_back({config::fallback_stage_config{{"openai/gpt-4o-mini"}, {{}}}, {}});
  all.routes.push_back(route);
  return all;
}

inline attempt_record attempt(std::shared_ptr<const routing::key_entry> key, routing::call_result result) {
  attempt_record made;
  made.outcome.key = key->state->id;
  made.outcome.result = result;
  made.outcome.finished = steady_now();
  made.outcome.first_byte = microseconds(20'000);
  made.outcome.duration = microseconds(30'000);
  made.key = std::move(key);
  made.model = "gpt-4o";
  made.status = result == routing::call_result::ok ? 200 : 500;
  if (result != routing::call_result::ok) made.problem = "it broke";
  return made;
}

inline request_record request(std::vector<attempt_record> attempts, std::uint8_t number = 1) {
  request_record record;
  record.id.bytes[15] = number;
  record.at = wall_time{seconds(1'700'000'000)};
  record.operation = "chat_completions";
  record.requested_model = "auto";
  const bool well = !attempts.empty() && attempts.back().outcome.result == routing::call_result::ok;
  record.attempts = std::move(attempts);
  record.status = well ? 200 : 502;
  record.ending = well ? request_ending::ok : request_ending::error;
  if (!well) record.error_code = "upstream_error";
  record.input_tokens = 100;
  record.output_tokens = 20;
  record.cost = 450'000;
  record.duration = microseconds(31'000);
  record.overhead = microseconds(150);
  record.decision = "auto -> openai/gpt-4o by weighted: key one of 2";
  return record;
}

inline std::vector<request_record> requests(const std::shared_ptr<const routing::key_entry>& key, routing::call_result result, int count) {
  std::vector<request_record> batch;
  for (int i = 0; i < count; ++i) batch.push_back(request({attempt(key, result)}));
  return batch;
}

/// The record's attempts as an I/O thread hands them to the ledger; in it when this returns.
inline void account(ledger_writer& ledger, const request_record& record) {
  std::vector<ledger_entry> entries;
  for (std::size_t i = 0; i < record.attempts.size(); ++i) {
    const auto& made = record.attempts[i];
    ledger_entry entry;
    entry.id = {record.id, static_cast<std::uint8_t>(i + 1)};
    entry.route = record.route.get();
    entry.key = made.key.get();
    entry.model = made.model;
    entries.push_back(entry);
    entry.settles = true;
    entry.last = i + 1 == record.attempts.size();
    entry.outcome = routing::is_success(made.outcome.result) ? storage::row_outcome::ok : storage::row_outcome::error;
    entry.cost = 0;
    if (entry.last) {
      entry.input_tokens = record.input_tokens;
      entry.output_tokens = record.output_tokens;
      entry.cost = record.cost;
    }
    entries.push_back(std::move(entry));
  }
  std::promise<bool> durable;
  ledger.submit(std::move(entries), [&](bool yes) { durable.set_value(yes); });
  if (!durable.get_future().get()) throw std::runtime_error("the ledger did not take the record");
}

/// Collects live events and waits for one that fits.
class event_watch {
 public:
  explicit event_watch(actor_world& world) : world_(world) {
    subscription_ = world.subscribe([this](const std::string& json) {
      const std::lock_guard guard(mutex_);
      events_.push_back(boost::json::parse(json).as_object());
      arrived_.notify_all();
    });
  }
  ~event_watch() { world_.unsubscribe(subscription_); }

  /// The first event, past or to come, whose members have these values.
  boost::json::object wait_for(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    std::unique_lock lock(mutex_);
    boost::json::object found;
    const bool came = arrived_.wait_for(lock, deadline, [&] {
      for (const auto& event : events_) {
        bool fits = true;
        for (const auto& [name, value] : members) {
          const auto* member = event.if_contains(name);
          fits = fits && member != nullptr && member->is_string() && std::string_view(member->get_string()) == value;
        }
        if (fits) found = event;
        if (fits) return true;
      }
      return false;
    });
    if (!came) throw std::runtime_error("the awaited event did not come");
    return found;
  }

 private:
  actor_world& world_;
  std::uint64_t subscription_ = 0;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<boost::json::object> events_;
};

inline admin_answer ask(actor_world& world, std::string method, std::string path, std::string query = {}, std::string body = {}) {
  auto answered = std::make_shared<std::promise<admin_answer>>();
  auto answer = answered->get_future();
  world.ask({std::move(method), std::move(path), std::move(query), std::move(body)},
            [answered](admin_answer a) { answered->set_value(std::move(a)); });
  if (answer.wait_for(deadline) != std::future_status::ready) throw std::runtime_error("no answer");
  return answer.get();
}

inline boost::json::object get(actor_world& world, const std::string& path, const std::string& query = {}) {
  const auto answer = ask(world, "GET", path, query);
  if (answer.status != 200) throw std::runtime_error(path + ": " + std::to_string(answer.status) + " " + answer.body);
  return boost::json::parse(answer.body).as_object();
}

/// Asks again and again until the answer fits.
inline boost::json::object get_until(actor_world& world, const std::string& path, const std::function<bool(const boost::json::object&)>& fits) {
  const auto give_up = steady_now() + deadline;
  auto answer = get(world, path);
  while (!fits(answer)) {
    if (steady_now() > give_up) throw std::runtime_error(path + " never showed what was expected");
    answer = get(world, path);
  }
  return answer;
}

inline outcome reload(actor_world& world, config::config next) {
  auto applied = std::make_shared<std::promise<outcome>>();
  auto result = applied->get_future();
  world.reload(std::move(next), [applied](outcome o) { applied->set_value(std::move(o)); });
  if (result.wait_for(deadline) != std::future_status::ready) throw std::runtime_error("the reload did not call back");
  return result.get();
}

inline std::string text(const boost::json::value& value) { return std::string(value.as_string()); }

}  // namespace switchyard::actors::testing
