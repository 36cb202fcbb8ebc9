#include "actors/admin_actor.hpp"

#include "actors/admin_answers.hpp"
#include "actors/cluster/config_part.hpp"
#include "actors/cluster/merged_answers.hpp"
#include "actors/explain.hpp"
#include "actors/virtual_key_answers.hpp"
#include "base/log.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <mutex>

namespace switchyard::actors {

namespace {

using self_pointer = admin_handle::stateful_pointer<admin_actor_state>;

// An actor that says nothing for this long is shown as such; actor_world promises answers within 2 s.
constexpr auto actor_timeout = milliseconds(500);
constexpr auto service_timeout = milliseconds(1500);

/// A question under way: the last copy that dies unanswered answers 504.
struct inquiry {
  std::shared_ptr<const admin_question> question;
  std::shared_ptr<answer_once> answer;

  void reply(std::string body) const { (*answer)({200, "application/json", std::move(body)}); }
};

std::shared_ptr<const routing::yard> yard_of(self_pointer self) {
  auto yard = self->state.around.world->feed.current();
  return yard ? yard : std::make_shared<const routing::yard>();
}

node_view view_of(self_pointer self) {
  const auto& world = *self->state.around.world;
  const auto yard = yard_of(self);
  node_view node;
  node.name = yard->node_name;
  node.region = yard->region;
  node.uptime = std::chrono::duration_cast<seconds>(steady_now() - world.started);
  node.yard_version = yard->version;
  node.config_version = world.counters.config_version.load(std::memory_order_relaxed);
  node.connections = world.hooks.connections ? world.hooks.connections() : 0;
  node.keys = static_cast<int>(self->state.who->keys.size());
  node.keys_usable = count_usable(*yard, steady_now());
  node.unworked_batches = world.gate.inside();
  node.records_dropped = world.counters.records_dropped.load(std::memory_order_relaxed);
  node.config_problem = world.board->config_problem();
  node.actor_restarts = world.counters.actor_restarts.load(std::memory_order_relaxed);
  return node;
}

// -- status: every actor's own line -----------------------------------------------------------------------------------

void status(self_pointer self, const inquiry& asked) {
  struct gathering {
    inquiry asked;
    std::vector<actor_view> views;
    std::size_t missing = 0;
  };
  auto work = std::make_shared<gathering>();
  work->asked = asked;
  const auto who = self->state.who;
  for (const auto& actor : who->actors) work->views.push_back({actor.name, actor.kind, "no answer", std::nullopt});
  work->missing = work->views.size();
  const auto done = [self, work] {
    if (--work->missing == 0) work->asked.reply(status_json(view_of(self), work->views));
  };
  for (std::size_t i = 0; i < who->actors.size(); ++i) {
    if (!who->actors[i].handle) {
      work->views[i].state = "restarting";
      done();
      continue;
    }
    self->request(who->actors[i].handle, actor_timeout, status_request{})
        .then(
            [work, done, i](actor_line& line) {
              work->views[i] = {std::move(line.name), std::move(line.kind), std::move(line.state), line.mailbox};
              done();
            },
            [done](caf::error&) { done(); });
  }
}

// -- keys and breakers: the reports of their actors -------------------------------------------------------------------

enum class wanted_part { keys, breakers };

void gather_keys(self_pointer self, const inquiry& asked, wanted_part part) {
  struct gathering {
    inquiry asked;
    std::vector<key_view> views;
    std::size_t missing = 0;
  };
  auto work = std::make_shared<gathering>();
  work->asked = asked;
  const auto who = self->state.who;
  for (const auto& row : who->keys) work->views.push_back({row.entry, std::nullopt, std::nullopt});
  work->missing = who->keys.size() + 1;
  const auto done = [work, part] {
    if (--work->missing != 0) return;
    work->asked.reply(part == wanted_part::keys ? keys_json(work->views, steady_now()) : breakers_json(work->views));
  };
  const auto unanswered = [done](caf::error&) { done(); };
  for (std::size_t i = 0; i < who->keys.size(); ++i) {
    const auto& row = who->keys[i];
    if (part == wanted_part::keys && row.key) {
      self->request(row.key, actor_timeout, key_report_request{})
          .then(
              [work, done, i](const key_report& report) {
                work->views[i].health_report = key_view::health{report.window, report.totals, report.latency_us};
                done();
              },
              unanswered);
    } else if (part == wanted_part::breakers && row.breaker) {
      self->request(row.breaker, actor_timeout, breaker_report_request{})
          .then(
              [work, done, i](const breaker_report& report) {
                work->views[i].breaker_report =
                    key_view::breaker{report.state, report.open_for, report.opens_again_in, report.openings, report.window};
                done();
              },
              unanswered);
    } else {
      done();
    }
  }
  done();
}

void keys(self_pointer self, const inquiry& asked) { gather_keys(self, asked, wanted_part::keys); }
void breakers(self_pointer self, const inquiry& asked) { gather_keys(self, asked, wanted_part::breakers); }

// -- what one service knows -------------------------------------------------------------------------------------------

template <class Handle, class Message>
void ask_service(self_pointer self, const inquiry& asked, const Handle& service, Message message) {
  if (!service) return (*asked.answer)(problem_answer(503, "overloaded", "that part of the node is being restarted"));
  self->request(service, service_timeout, std::move(message))
      .then([asked](part_answer& part) { (*asked.answer)(std::move(part.answer)); },
            [asked](caf::error&) { (*asked.answer)(problem_answer(504, "overloaded", "nobody answered in time")); });
}

void ledger_part(self_pointer self, const inquiry& asked) {
  ask_service(self, asked, self->state.around.book->current().ledger, part_request{asked.question});
}
void effective_config(self_pointer self, const inquiry& asked) {
  const auto holder = self->state.around.book->current().config;
  if (!holder) return (*asked.answer)(problem_answer(503, "overloaded", "that part of the node is being restarted"));
  self->request(holder, service_timeout, part_request{asked.question})
      .then(
          [asked, board = self->state.around.world->board](part_answer& part) {
            part.answer.etag = board->config_version();
            (*asked.answer)(std::move(part.answer));
          },
          [asked](caf::error&) { (*asked.answer)(problem_answer(504, "overloaded", "nobody answered in time")); });
}
/// Answered by the cluster's part once the config is in force here and with a majority, or why not.
void propose_config(self_pointer self, const inquiry& asked) {
  auto& configs = self->state.around.world->board->configs;
  if (!configs.attended())
    return (*asked.answer)(problem_answer(409, "conflict", "this node stands alone: change its file and send it SIGHUP"));
  auto version = asked.question->if_match.empty() ? query_value(asked.question->query, "version") : asked.question->if_match;
  config_proposal wanted{config_proposal::origin::admin, asked.question->body, std::move(version), {}};
  wanted.then = [answer = asked.answer, text = asked.question->body](const config_verdict& how) { (*answer)(config_answer(how, text)); };
  if (!configs.put(std::move(wanted))) (*asked.answer)(problem_answer(503, "overloaded", "too many changes of the configuration wait"));
}
void metrics(self_pointer self, const inquiry& asked) {
  ask_service(self, asked, self->state.around.book->current().metrics, metrics_request{});
}

// -- the cluster ------------------------------------------------------------------------------------------------------

/// Where there is none, as if this node were all of it.
template <class Then>
void ask_members(self_pointer self, const inquiry& asked, Then then) {
  const auto cluster = self->state.around.book->current().cluster;
  if (!cluster) return then(members_report{});
  self->request(cluster, actor_timeout, members_request{}).then([then](members_report& report) { then(std::move(report)); }, [asked](caf::error&) {
    (*asked.answer)(problem_answer(504, "overloaded", "the cluster's actor did not answer in time"));
  });
}

/// "node" of the question's body; nullopt: the answer said what is wrong. "": none is named.
std::optional<std::string> named_node(const inquiry& asked) {
  if (asked.question->body.empty()) return "";
  boost::system::error_code bad;
  const auto body = boost::json::parse(asked.question->body, bad);
  const auto* members = bad ? nullptr : body.if_object();
  const auto* node = members == nullptr ? nullptr : members->if_contains("node");
  if (members != nullptr && node == nullptr) return "";
  if (node != nullptr && node->is_string()) return std::string(node->get_string());
  (*asked.answer)(problem_answer(400, "invalid_json", "expected {\"node\":\"NAME\"}"));
  return std::nullopt;
}

void nodes(self_pointer self, const inquiry& asked) {
  ask_members(self, asked, [self, asked](const members_report& report) { asked.reply(nodes_json(view_of(self), report.members)); });
}

void forget_node(self_pointer self, const inquiry& asked) {
  const auto node = named_node(asked);
  if (!node) return;
  const auto cluster = self->state.around.book->current().cluster;
  if (!cluster) return (*asked.answer)(problem_answer(404, "not_found", "this node stands alone"));
  self->request(cluster, actor_timeout, forget_member{*node})
      .then(
          [asked, node](const member_forgotten& forgotten) {
            if (forgotten.known) return (*asked.answer)({200, "application/json", R"({"forgotten":true})"});
            (*asked.answer)(problem_answer(404, "not_found", "node: no other node is named '" + *node + "'"));
          },
          [asked](caf::error&) { (*asked.answer)(problem_answer(504, "overloaded", "the cluster's actor did not answer in time")); });
}

/// This node's answer and the others', whichever comes last; any thread.
class whole_answer {
 public:
  explicit whole_answer(inquiry asked, std::string self) : asked_(std::move(asked)), self_(std::move(self)) {}
  void own(admin_answer answer) {
    if (answer.status != 200) return (*asked_.answer)(std::move(answer));   // a question that is wrong is wrong everywhere
    const std::lock_guard guard(mutex_);
    own_ = std::move(answer.body);
    finish();
  }
  void others(std::vector<node_answer> answers, std::vector<std::string> missing) {
    const std::lock_guard guard(mutex_);
    others_ = std::move(answers);
    missing_ = std::move(missing);
    finish();
  }

 private:
  void finish() {
    if (!own_ || !others_) return;
    others_->insert(others_->begin(), node_answer{self_, 200, std::move(*own_)});
    std::sort(others_->begin() + 1, others_->end(), [](const auto& a, const auto& b) { return a.node < b.node; });
    asked_.reply(merged_answer(asked_.question->path, *others_, std::move(missing_)));
    others_.reset();
  }
  const inquiry asked_;
  const std::string self_;
  std::mutex mutex_;
  std::optional<std::string> own_;
  std::optional<std::vector<node_answer>> others_;
  std::vector<std::string> missing_;
};

/// The same question to all nodes, this one included. It takes as long as the slowest, 2 s at most.
void ask_everywhere(self_pointer self, const inquiry& asked, const cluster_handle& cluster, void (*serve)(self_pointer, const inquiry&),
                    std::string_view scope = "", std::function<void()> all_were_asked = [] {}) {
  auto question = std::make_shared<admin_question>(*asked.question);
  question->query = without_scope(question->query);
  if (!scope.empty()) question->query.append(question->query.empty() ? "" : "&").append(scope);
  const auto whole = std::make_shared<whole_answer>(asked, yard_of(self)->node_name);
  self->send(cluster, ask_nodes{question, {}, [whole, all_were_asked = std::move(all_were_asked)](std::vector<node_answer> answers, std::vector<std::string> missing) {
                                  all_were_asked();
                                  whole->others(std::move(answers), std::move(missing));
                                }});
  serve(self, inquiry{question, std::make_shared<answer_once>([whole](admin_answer answer) { whole->own(std::move(answer)); })});
}

// -- what the yard itself shows ---------------------------------------------------------------------------------------

void providers(self_pointer self, const inquiry& asked) { asked.reply(providers_json(*yard_of(self), steady_now())); }
void limits(self_pointer self, const inquiry& asked) { asked.reply(limits_json(*yard_of(self), steady_now(), wall_now())); }
void routes(self_pointer self, const inquiry& asked) { asked.reply(routes_json(*yard_of(self))); }
void virtual_keys(self_pointer self, const inquiry& asked) { asked.reply(virtual_keys_json(*yard_of(self), steady_now(), wall_now())); }
void virtual_key(self_pointer self, const inquiry& asked) {
  (*asked.answer)(virtual_key_answer(*yard_of(self), asked.question->path, steady_now(), wall_now()));
}
/// Answered by the actor that owns them, once the change is in force.
void change_virtual_key(self_pointer self, const inquiry& asked) {
  const auto keys = self->state.around.book->current().virtual_keys;
  if (!keys) return (*asked.answer)(problem_answer(503, "overloaded", "that part of the node is being restarted"));
  self->send(keys, admin_asked{asked.question, asked.answer});
}
void openapi(self_pointer, const inquiry& asked) { asked.reply(openapi_document()); }

void cache_stats(self_pointer self, const inquiry& asked) {
  const auto& hook = self->state.around.world->hooks.cache_stats;
  (*asked.answer)({200, "application/json", hook ? hook() : R"({"enabled":false})"});
}
void clear_own_cache(self_pointer self, const inquiry& asked) {
  const auto& hook = self->state.around.world->hooks.clear_cache;
  const auto given = [&](std::string_view name) { return query_value(asked.question->query, name); };
  const auto cleared = hook ? hook(given("route"), given("virtual_key"), given("tag")) : 0;
  (*asked.answer)({200, "application/json", "{\"cleared\":" + std::to_string(cleared) + "}"});
}
/// In a cluster on all nodes: those that answer say how much it was, the others do it when they hear of it.
void clear_cache(self_pointer self, const inquiry& asked) {
  const auto cluster = self->state.around.book->current().cluster;
  const auto& query = asked.question->query;
  if (!cluster || query_value(query, "scope") == "node") return clear_own_cache(self, asked);
  // Shown to all only when they were asked, so that their answers count what it was.
  cache_clear_wish wish{query_value(query, "route"), query_value(query, "virtual_key"), query_value(query, "tag")};
  ask_everywhere(self, asked, cluster, clear_own_cache, "scope=node",
                 [board = self->state.around.world->board, wish = std::move(wish)] { (void)board->cache_clears.put(cache_clear_wish(wish)); });
}

void explain_chat(self_pointer self, const inquiry& asked) {
  const auto now = steady_now();
  const auto seed = static_cast<std::uint64_t>(to_ns(now));
  const auto models = self->state.around.world->models->get();
  (*asked.answer)(explain(*yard_of(self), asked.question->body, asked.question->query, seed, now, models ? *models : nullptr,
                           self->state.around.world->vectors.get()));
}

void drain_other(self_pointer self, const inquiry& asked, const std::string& node) {
  ask_members(self, asked, [self, asked, node](const members_report& report) {
    const auto known = std::any_of(report.members.begin(), report.members.end(), [&](const auto& line) { return line.name == node; });
    if (!known) return (*asked.answer)(problem_answer(404, "not_found", "node: no such node; this one is '" + yard_of(self)->node_name + "'"));
    auto question = std::make_shared<admin_question>(admin_question{"POST", "/admin/v1/drain", "", ""});
    self->send(self->state.around.book->current().cluster, ask_nodes{std::move(question), {node}, [asked](std::vector<node_answer> answers, std::vector<std::string> missing) {
      if (answers.empty()) return (*asked.answer)(problem_answer(504, "overloaded", (missing.empty() ? "the node" : missing.front()) + " did not answer in time"));
      (*asked.answer)({answers.front().status, "application/json", std::move(answers.front().body)});
    }});
  });
}

void drain(self_pointer self, const inquiry& asked) {
  const auto node = named_node(asked);
  if (!node) return;
  const auto name = yard_of(self)->node_name;
  if (!node->empty() && *node != name) return drain_other(self, asked, *node);
  log::info("drain_asked", "the admin API asked for a drain", {{"node", name}});
  if (const auto& hook = self->state.around.world->hooks.drain) hook();
  (*asked.answer)({202, "application/json", R"({"draining":true})"});
}

// -- the routes -------------------------------------------------------------------------------------------------------

struct admin_route {
  std::string_view method;
  std::string_view path;                         ///< one that ends in '/' takes whatever follows
  void (*serve)(self_pointer, const inquiry&);
};

// openapi_document() describes the same list.
constexpr std::array admin_routes{
    admin_route{"GET", "/admin/v1/status", status},
    admin_route{"GET", "/admin/v1/nodes", nodes},
    admin_route{"POST", "/admin/v1/nodes/forget", forget_node},
    admin_route{"GET", "/admin/v1/providers", providers},
    admin_route{"GET", "/admin/v1/keys", keys},
    admin_route{"GET", "/admin/v1/breakers", breakers},
    admin_route{"GET", "/admin/v1/limits", limits},
    admin_route{"GET", "/admin/v1/routes", routes},
    admin_route{"GET", "/admin/v1/virtual-keys", virtual_keys},
    admin_route{"POST", "/admin/v1/virtual-keys", change_virtual_key},
    admin_route{"GET", "/admin/v1/virtual-keys/", virtual_key},
    admin_route{"PUT", "/admin/v1/virtual-keys/", change_virtual_key},
    admin_route{"PATCH", "/admin/v1/virtual-keys/", change_virtual_key},
    admin_route{"DELETE", "/admin/v1/virtual-keys/", change_virtual_key},
    admin_route{"POST", "/admin/v1/virtual-keys/", change_virtual_key},
    admin_route{"GET", "/admin/v1/spend", ledger_part},
    admin_route{"GET", "/admin/v1/savings", ledger_part},
    admin_route{"GET", "/admin/v1/ledger", ledger_part},
    admin_route{"GET", "/admin/v1/ledger/verify", ledger_part},
    admin_route{"GET", "/admin/v1/ledger/copies", ledger_part},
    admin_route{"GET", "/admin/v1/ledger/copies/rows", ledger_part},
    admin_route{"POST", "/admin/v1/ledger/verify", ledger_part},
    admin_route{"POST", "/admin/v1/backup", ledger_part},
    admin_route{"GET", "/admin/v1/cache", cache_stats},
    admin_route{"DELETE", "/admin/v1/cache", clear_cache},
    admin_route{"GET", "/admin/v1/decisions", ledger_part},
    admin_route{"GET", "/admin/v1/decisions/", ledger_part},
    admin_route{"GET", "/admin/v1/prompts", ledger_part},
    admin_route{"GET", "/admin/v1/config", effective_config},
    admin_route{"PUT", "/admin/v1/config", propose_config},
    admin_route{"POST", "/admin/v1/explain", explain_chat},
    admin_route{"POST", "/admin/v1/drain", drain},
    admin_route{"GET", "/admin/openapi.json", openapi},
    admin_route{"GET", "/metrics", metrics},
};

bool leads_to(const admin_route& route, std::string_view path) noexcept {
  return route.path.ends_with('/') ? path.size() > route.path.size() && path.starts_with(route.path) : path == route.path;
}

void dispatch(self_pointer self, const admin_asked& message) {
  ++self->state.asked;
  const inquiry asked{message.question, message.answer};
  const auto& question = *asked.question;
  const std::string_view method = question.method == "HEAD" ? "GET" : std::string_view(question.method);
  std::string others;                            // methods the path takes
  for (const auto& route : admin_routes) {
    if (!leads_to(route, question.path)) continue;
    if (route.method == method) {
      const auto cluster = self->state.around.book->current().cluster;
      if (cluster && method == "GET" && query_value(question.query, "scope") == "cluster" && answers_for_the_cluster(question.path))
        return ask_everywhere(self, asked, cluster, route.serve);
      return route.serve(self, asked);
    }
    others += (others.empty() ? "" : ", ") + std::string(route.method);
  }
  if (others.empty()) return (*asked.answer)(problem_answer(404, "not_found", "no such route: " + question.path));
  (*asked.answer)(problem_answer(405, "method_not_allowed", question.path + " takes " + others));
}

}  // namespace

admin_handle::behavior_type admin_actor(self_pointer self, surroundings around) {
  fail_loudly(self, "admin");
  self->state.around = std::move(around);
  self->state.who = std::make_shared<directory>();
  return {
      [self](const status_request&) {
        return actor_line{"admin", "admin", std::to_string(self->state.asked) + " questions", mailbox_depth(self)};
      },
      [self](const admin_asked& message) { dispatch(self, message); },
      [self](const directory_changed& changed) { self->state.who = changed.now; },
  };
}

}  // namespace switchyard::actors
