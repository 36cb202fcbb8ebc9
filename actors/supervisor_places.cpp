// The supervisor's places: which actors there are, how each is spawned, and what happens when one fails.
#include "actors/admin_actor.hpp"
#include "actors/breaker_actor.hpp"
#include "actors/cluster/cluster_actor.hpp"
#include "actors/config_actor.hpp"
#include "actors/events_actor.hpp"
#include "actors/intake_actor.hpp"
#include "actors/key_actor.hpp"
#include "actors/ledger_actor.hpp"
#include "actors/metrics_actor.hpp"
#include "actors/route_actor.hpp"
#include "actors/stage_actor.hpp"
#include "actors/supervisor_actor.hpp"
#include "actors/virtual_keys_actor.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

// An actor that lived this long failed for a new reason: its restart is immediate again.
constexpr auto forgiven_after = seconds(60);
constexpr milliseconds longest_restart_delay = seconds(5);

milliseconds restart_delay(int failures_in_row) noexcept {
  if (failures_in_row <= 1) return milliseconds(0);
  return std::min(longest_restart_delay, milliseconds(100) * (1 << std::min(failures_in_row - 2, 6)));
}

template <class Handle>
caf::strong_actor_ptr pointer_to(const Handle& handle) {
  return caf::actor_cast<caf::strong_actor_ptr>(handle);
}

std::string text_of(const std::pair<std::string, std::string>& key) { return key.first + "/" + key.second; }

}  // namespace

void supervisor::place(const std::string& name, std::string_view kind, std::function<void()> spawn) {
  auto& it = children_[name];
  it.name = name;
  it.kind = kind;
  it.spawn = std::move(spawn);
  order_.push_back(name);
  it.spawn();
}

void supervisor::occupy(const std::string& name, const caf::strong_actor_ptr& actor) {
  auto& it = children_.at(name);
  it.actor = actor;
  it.spawned_at = steady_now();
  self_->monitor(caf::actor_cast<caf::actor_addr>(actor));
}

void supervisor::remove(const std::string& name) {
  const auto it = children_.find(name);
  if (it == children_.end()) return;
  if (it->second.actor) caf::anon_send_exit(caf::actor_cast<caf::actor_addr>(it->second.actor), caf::exit_reason::user_shutdown);
  children_.erase(it);
  std::erase(order_, name);
}

supervisor::~supervisor() {
  for (const auto& [name, it] : children_)
    if (it.actor) caf::anon_send_exit(caf::actor_cast<caf::actor_addr>(it.actor), caf::exit_reason::user_shutdown);
  // Handles must not outlive the actor system.
  if (around_.book) around_.book->clear();
}

void supervisor::child_ended(const caf::down_msg& down) {
  const auto found = std::find_if(children_.begin(), children_.end(), [&](const auto& entry) {
    return entry.second.actor && caf::actor_cast<caf::actor_addr>(entry.second.actor) == down.source;
  });
  if (found == children_.end()) return;          // it was removed
  auto& it = found->second;
  const auto now = steady_now();
  it.failures_in_row = now - it.spawned_at > forgiven_after ? 1 : it.failures_in_row + 1;
  it.actor = nullptr;
  const auto delay = restart_delay(it.failures_in_row);
  around_.world->counters.actor_restarts.fetch_add(1, std::memory_order_relaxed);
  log::error("actor_restarted", "an actor failed and gets a successor",
             {{"actor", it.name}, {"why", self_->system().render(down.reason)}, {"failures_in_row", it.failures_in_row},
              {"in_ms", static_cast<std::int64_t>(delay.count())}});
  if (delay.count() == 0) return respawn(std::string(found->first));
  publish_directory();
  self_->delayed_send(self_, delay, respawn_due{found->first});
}

void supervisor::respawn(const std::string& name) {
  const auto it = children_.find(name);
  if (it == children_.end() || it->second.actor) return;
  const bool compiles = it->second.kind == "route" || it->second.kind == "stage";
  it->second.spawn();
  publish_directory();
  if (compiles) recompile_quietly();
}

void supervisor::spawn_services() {
  const auto in_book = [this](const std::string& name, auto where, const auto& handle) {
    around_.book->update([&](address_book::services& all) { all.*where = handle; });
    occupy(name, pointer_to(handle));
  };
  using services = address_book::services;
  place("events", "events", [=, this] { in_book("events", &services::events, self_->spawn(events_actor, around_)); });
  place("ledger", "ledger", [=, this] {
    const ledger_handle ledger = self_->spawn<caf::detached>(ledger_actor, around_);
    if (config_) self_->send(ledger, config_changed{config_, 0});
    in_book("ledger", &services::ledger, ledger);
  });
  place("metrics", "metrics", [=, this] {
    const metrics_handle metrics = self_->spawn(metrics_actor, around_);
    self_->send(metrics, directory_changed{directory_});
    in_book("metrics", &services::metrics, metrics);
  });
  place("intake", "intake", [=, this] {
    const intake_handle intake = self_->spawn(intake_actor, around_.book);
    self_->send(intake, directory_changed{directory_});
    in_book("intake", &services::intake, intake);
  });
  place("config", "config", [=, this] {
    const config_handle holder = self_->spawn(config_actor);
    const auto version = around_.world->counters.config_version.load(std::memory_order_relaxed);
    if (config_) self_->send(holder, config_changed{config_, version});
    in_book("config", &services::config, holder);
  });
  place("virtual_keys", "virtual_keys", [=, this] {
    const virtual_keys_handle keys = self_->spawn(virtual_keys_actor, around_, self_->address());
    if (config_) self_->send(keys, config_changed{config_, 0});
    in_book("virtual_keys", &services::virtual_keys, keys);
  });
  place("admin", "admin", [=, this] {
    const admin_handle admin = self_->spawn(admin_actor, around_);
    self_->send(admin, directory_changed{directory_});
    in_book("admin", &services::admin, admin);
  });
  if (!around_.world->cluster) return;
  // On a thread of its own: its heartbeats must not wait for what other actors do.
  place("cluster", "cluster", [=, this] { in_book("cluster", &services::cluster, self_->spawn<caf::detached>(cluster_actor, around_)); });
}

void supervisor::spawn_key(const key_name& name) {
  auto& at = keys_.at(name);
  at.key = self_->spawn(key_actor, around_, settings_of(at));
  occupy("key " + text_of(name), pointer_to(at.key));
}

void supervisor::spawn_breaker(const key_name& name) {
  auto& at = keys_.at(name);
  at.breaker = self_->spawn(breaker_actor, around_, breaker_settings{at.entry, at.breaker_config});
  occupy("breaker " + text_of(name), pointer_to(at.breaker));
}

void supervisor::spawn_route(const std::string& name) {
  auto& at = routes_.at(name);
  at.route = self_->spawn(route_actor, name);
  occupy("route " + name, pointer_to(at.route));
}

void supervisor::spawn_stage(const std::string& route, std::size_t place) {
  auto& at = routes_.at(route);
  at.stages[place] = self_->spawn(stage_actor, route, place + 1, at.kinds[place], around_.world->models);
  occupy(stage_name(route, place), pointer_to(at.stages[place]));
}

std::string supervisor::stage_name(const std::string& route, std::size_t place) const {
  return "stage " + route + "/" + std::to_string(place + 1) + "-" + std::string(routes_.at(route).kinds[place]);
}

// Stages have no state that outlives a compilation, so a route whose stages changed simply gets new ones.
void supervisor::place_route(const config::route_config& route) {
  std::vector<std::string_view> kinds;
  for (const auto& stage : route.stages) kinds.push_back(routing::kind_of(stage));
  const auto known = routes_.find(route.name);
  if (known != routes_.end() && known->second.kinds == kinds) return;
  if (known != routes_.end()) remove_route(route.name);
  auto& at = routes_[route.name];
  at.kinds = kinds;
  at.stages.resize(kinds.size());
  place("route " + route.name, "route", [this, name = route.name] { spawn_route(name); });
  for (std::size_t i = 0; i < kinds.size(); ++i)
    place(stage_name(route.name, i), "stage", [this, name = route.name, i] { spawn_stage(name, i); });
}

void supervisor::remove_route(const std::string& name) {
  remove("route " + name);
  for (std::size_t i = 0; i < routes_.at(name).kinds.size(); ++i) remove(stage_name(name, i));
  routes_.erase(name);
}

void supervisor::publish_directory() {
  auto next = std::make_shared<directory>();
  next->actors.push_back({"supervisor", "supervisor", supervisor_handle{self_}});
  for (const auto& name : order_) {
    const auto& it = children_.at(name);
    auto handle = it.actor ? caf::actor_cast<reporting_handle>(it.actor) : reporting_handle{};
    next->actors.push_back({it.name, it.kind, std::move(handle)});
  }
  for (const auto& provider : current_keys_) {
    const auto& at = keys_.at(provider);
    next->keys.push_back({at.entry, at.key, at.breaker});
  }
  directory_ = std::move(next);
  around_.book->update([this](address_book::services& all) { all.who = directory_; });
  const auto services = around_.book->current();
  self_->send(services.intake, directory_changed{directory_});
  self_->send(services.metrics, directory_changed{directory_});
  self_->send(services.admin, directory_changed{directory_});
}

}  // namespace switchyard::actors
