#include "actors/supervisor_actor.hpp"

#include "actors/events_json.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <set>

namespace switchyard::actors {

namespace {

constexpr auto route_timeout = seconds(8);
constexpr auto virtual_keys_timeout = seconds(8);
// Above every timeout within a compilation: only lost messages let it come to this.
constexpr auto compilation_timeout = seconds(10);

}  // namespace

void supervisor::begin(surroundings around) {
  around_ = std::move(around);
  spawn_services();
}

void supervisor::apply(apply_config wanted) {
  waiting_.emplace_back(std::move(wanted), false);
  if (!running_) next_config();
}

void supervisor::recompile_quietly() {
  if (!config_) return;
  if (std::any_of(waiting_.begin(), waiting_.end(), [](const auto& entry) { return entry.second; })) return;
  waiting_.emplace_back(apply_config{config_, {}}, true);
  if (!running_) next_config();
}

// -- phase 1: compile -------------------------------------------------------------------------------------------------

void supervisor::next_config() {
  if (waiting_.empty()) return;
  running_.emplace();
  running_->wanted = std::move(waiting_.front().first);
  running_->quiet = waiting_.front().second;
  waiting_.pop_front();
  // A recompilation that waited behind a reload compiles what that reload brought.
  if (running_->quiet) running_->wanted.next = config_;
  running_->number = ++last_compilation_;
  const auto config = running_->wanted.next;
  running_->yard = compile_providers(*config);
  running_->missing = config->routes.size() + 1;
  self_->delayed_send(self_, compilation_timeout, actors::compile_overdue{running_->number});
  for (const auto& route : config->routes) place_route(route);
  for (const auto& route : config->routes) ask_route(route);
  ask_virtual_keys();
}

std::shared_ptr<routing::yard> supervisor::compile_providers(const config::config& config) {
  auto yard = std::make_shared<routing::yard>();
  yard->node_name = config.node.name;
  yard->region = config.node.region;
  for (const auto& provider : config.providers) {
    std::vector<std::shared_ptr<routing::key_state>> states;
    for (const auto& key : provider.keys) {
      auto& state = states_[{provider.name, key.name}];
      if (!state) {
        state = std::make_shared<routing::key_state>(++last_key_id_, key.weight, key.rpm, key.tpm);
        // From the beginning: the limits are the cluster's, and what this node may use of them comes from it.
        for (auto* limit : {&state->requests, &state->tokens}) limit->share(around_.world->cluster != nullptr);
      }
      states.push_back(state);
    }
    yard->providers.push_back(routing::compile_provider(provider, states));
  }
  return yard;
}

void supervisor::ask_route(const config::route_config& route) {
  const auto& at = routes_.at(route.name);
  const auto number = running_->number;
  const auto name = route.name;
  self_->request(at.route, route_timeout, compile_route{route, running_->yard, at.stages})
      .then([this, number, name](const route_compiled& made) { route_answered(number, name, made); },
            [this, number, name](caf::error&) {
              route_answered(number, name, {nullptr, "route " + name + ": its actor did not answer"});
            });
}

void supervisor::route_answered(std::uint64_t number, const std::string& name, const route_compiled& made) {
  if (!running_ || running_->number != number) return;
  if (!made.route) return give_up(made.problem);
  running_->compiled[name] = made.route;
  if (--running_->missing == 0) commit();
}

void supervisor::ask_virtual_keys() {
  const auto number = running_->number;
  self_->request(around_.book->current().virtual_keys, virtual_keys_timeout, compile_virtual_keys{number, running_->wanted.next})
      .then([this, number](const virtual_keys_compiled& made) { virtual_keys_answered(number, made); },
            [this, number](caf::error&) { virtual_keys_answered(number, {nullptr, "virtual_keys: their actor did not answer"}); });
}

void supervisor::virtual_keys_answered(std::uint64_t number, const virtual_keys_compiled& made) {
  if (!running_ || running_->number != number) return;
  if (!made.set) return give_up(made.problem);
  running_->virtual_keys = made.set;
  if (--running_->missing == 0) commit();
}

/// Between two configs: the rest of the yard stays as it is.
yard_published supervisor::publish(const virtual_keys_changed& changed) {
  const auto now = around_.world->feed.current();
  auto next = now ? std::make_shared<routing::yard>(*now) : std::make_shared<routing::yard>();
  next->virtual_keys = changed.set;
  next->version = ++yard_version_;
  around_.world->feed.publish(next);
  return {yard_version_};
}

void supervisor::compile_overdue(std::uint64_t number) {
  if (running_ && running_->number == number) give_up("the config did not compile in time");
}

// The old yard stays published; its routes are compiled again where this config's took their actors' places.
void supervisor::give_up(const std::string& why) {
  const auto given_up = std::move(*running_);
  running_.reset();
  self_->send(around_.book->current().virtual_keys, virtual_keys_settled{given_up.number, false});
  if (given_up.quiet) {
    log::error("recompile_failed", "routes could not be compiled again; the published ones stay", {{"why", why}});
  } else {
    log::error("config_refused", "a config did not compile; the old one stays", {{"why", why}});
    around_.emit(event_json("reload", wall_now(), {{"outcome", "refused"}, {"why", why}}));
    recompile_quietly();
    if (given_up.wanted.then) given_up.wanted.then(error{error_code::invalid_request, error_origin::client, false, why, {}});
  }
  if (!running_) next_config();
}

// -- phase 2: commit --------------------------------------------------------------------------------------------------

void supervisor::commit() {
  const auto now = std::move(*running_);
  running_.reset();
  auto& yard = *now.yard;
  for (const auto& route : now.wanted.next->routes) yard.routes.push_back(now.compiled.at(route.name));
  const auto direct = now.compiled.find("direct");
  yard.direct = direct != now.compiled.end() ? direct->second : routing::default_direct_route();
  yard.virtual_keys = now.virtual_keys;
  yard.version = ++yard_version_;
  config_ = now.wanted.next;

  commit_keys(yard);
  remove_what_is_gone();
  // The intake must know a new key before the first outcome of it can arrive.
  publish_directory();
  around_.world->feed.publish(now.yard);
  self_->send(around_.book->current().virtual_keys, virtual_keys_settled{now.number, true});

  if (!now.quiet) {
    const auto version = around_.world->counters.config_version.fetch_add(1, std::memory_order_relaxed) + 1;
    const auto services = around_.book->current();
    self_->send(services.config, config_changed{config_, version});
    self_->send(services.ledger, config_changed{config_, version});
    log::info("config_applied", "a config is in force",
              {{"version", version}, {"yard", yard.version}, {"keys", static_cast<std::uint64_t>(keys_.size())},
               {"routes", static_cast<std::uint64_t>(yard.routes.size())}});
    around_.emit(event_json("reload", wall_now(), {{"outcome", "applied"}, {"yard_version", std::to_string(yard.version)}}));
  }
  if (now.wanted.then) now.wanted.then(done{});
  next_config();
}

void supervisor::commit_keys(const routing::yard& yard) {
  current_keys_.clear();
  for (const auto& provider : yard.providers) {
    std::vector<std::shared_ptr<const routing::key_state>> siblings;
    for (const auto& key : provider->keys) siblings.push_back(key->state);
    for (const auto& key : provider->keys) {
      const key_name name{key->provider, key->config.name};
      current_keys_.push_back(name);
      const bool known = keys_.contains(name);
      auto& at = keys_[name];
      at.entry = key;
      at.breaker_config = provider->config.breaker;
      at.siblings = siblings;
      if (known) {
        key->state->requests.set_limit(key->config.rpm);
        key->state->tokens.set_limit(key->config.tpm);
        self_->send(at.key, settings_of(at));
        self_->send(at.breaker, breaker_settings{at.entry, at.breaker_config});
      } else {
        place("key " + name.first + "/" + name.second, "key", [this, name] { spawn_key(name); });
        place("breaker " + name.first + "/" + name.second, "breaker", [this, name] { spawn_breaker(name); });
      }
    }
  }
}

void supervisor::remove_what_is_gone() {
  const std::set<key_name> kept(current_keys_.begin(), current_keys_.end());
  for (auto at = keys_.begin(); at != keys_.end();) {
    if (kept.contains(at->first)) {
      ++at;
      continue;
    }
    remove("key " + at->first.first + "/" + at->first.second);
    remove("breaker " + at->first.first + "/" + at->first.second);
    at = keys_.erase(at);
  }
  std::erase_if(states_, [&](const auto& entry) { return !kept.contains(entry.first); });
  std::vector<std::string> unused;
  for (const auto& [name, at] : routes_)
    if (std::none_of(config_->routes.begin(), config_->routes.end(), [&](const auto& route) { return route.name == name; }))
      unused.push_back(name);
  for (const auto& name : unused) remove_route(name);
}

// -- the actor --------------------------------------------------------------------------------------------------------

actor_line supervisor::line() {
  return {"supervisor", "supervisor",
          "watches " + std::to_string(children_.size()) + " actors, yard " + std::to_string(yard_version_), mailbox_depth(self_)};
}

supervisor_handle::behavior_type supervisor_actor(supervisor::self_pointer self, surroundings around) {
  fail_loudly(self, "supervisor");
  self->set_down_handler([self](caf::down_msg& down) { self->state.child_ended(down); });
  self->state.begin(std::move(around));
  return {
      [self](const status_request&) { return self->state.line(); },
      [self](apply_config& wanted) { self->state.apply(std::move(wanted)); },
      [self](const respawn_due& due) { self->state.respawn(due.name); },
      [self](const actors::compile_overdue& due) { self->state.compile_overdue(due.number); },
      [self](const virtual_keys_changed& changed) { return self->state.publish(changed); },
      [self](const directory_request&) { return self->state.list(); },
  };
}

}  // namespace switchyard::actors
