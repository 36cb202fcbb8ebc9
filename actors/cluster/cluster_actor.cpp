#include "actors/cluster/cluster_actor.hpp"

#include "actors/admin_answers.hpp"
#include "actors/cluster/parts.hpp"
#include "actors/events_json.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

constexpr milliseconds idle_tick_every = cluster::membership::tick_every;   // without clients there is no demand to look after; wake() tells of the first
constexpr milliseconds publish_every{200};
constexpr milliseconds joined_after = seconds(3);         // also without some of the others
constexpr milliseconds leases_awaited_for = seconds(5);   // a node that owns a limit lends nothing in its first 2 s (L4)

/// What another node may ask here: to look, to drain, and to forget answers.
bool may_be_asked(const cluster::admin_ask& question) {
  return question.method == "GET" || (question.method == "POST" && question.target == "/admin/v1/drain") ||
         (question.method == "DELETE" && question.target.starts_with("/admin/v1/cache?"));
}

void tell(const surroundings& around, const cluster::member_change& change) {
  const auto state = cluster::to_string(change.state);
  const auto incarnation = std::to_string(change.incarnation);
  log::info("member_changed", "a node of the cluster is seen anew", {{"node", change.node}, {"state", state}, {"incarnation", incarnation}});
  around.emit(event_json("member", wall_now(), {{"node", change.node}, {"state", state}, {"incarnation", incarnation}}));
}

}  // namespace

cluster_actor_state::~cluster_actor_state() {
  if (around.world && around.world->cluster) around.world->cluster->transport->on_arrival({});
}

void cluster_actor_state::begin(surroundings given) {
  around = std::move(given);
  auto& wiring = *around.world->cluster;
  const cluster_handle handle{self_};
  cluster_node::setting setting;
  setting.roster = wiring.roster;
  setting.transport = wiring.transport;
  setting.journal = std::make_shared<cluster_journal>(around.world->ledger);
  setting.parts = make_cluster_parts(around);
  const auto address = caf::actor_cast<caf::weak_actor_ptr>(handle);
  setting.written = [address](cluster_node::receipt what) {
    if (const auto to = caf::actor_cast<caf::strong_actor_ptr>(address)) caf::anon_send(caf::actor_cast<cluster_handle>(to), cluster_written{std::move(what)});
  };
  setting.asked = [this](const std::string& from, const cluster::admin_ask& question) { answer(from, question); };
  setting.changed = [this](const cluster::member_change& change) { tell(around, change); };
  setting.forgotten = [this] {
    if (const auto& drain = around.world->hooks.drain) drain();
  };
  setting.met_all = [this] { met_ = true; };
  setting.unix_seconds = static_cast<std::uint64_t>(std::chrono::duration_cast<seconds>(wall_now().time_since_epoch()).count());
  node = std::make_unique<cluster_node>(std::move(setting));
  wiring.transport->on_arrival([address] {
    if (const auto to = caf::actor_cast<caf::strong_actor_ptr>(address)) caf::anon_send(caf::actor_cast<cluster_handle>(to), cluster_mail{});
  });
  node->start(steady_now());
  tick();
}

void cluster_actor_state::tick() {
  const auto now = steady_now();
  if (const auto yard = around.world->feed.current(); yard && yard != seen_) {
    seen_ = yard;
    node->yard_changed(yard, now);
  }
  node->tick(now);
  check_joined(now);
  if (now >= next_publication_) publish(now);
  schedule(now);
}

void cluster_actor_state::check_joined(steady_time now) {
  const auto passed = now - around.world->started;
  if (joined_ || (passed < leases_awaited_for && !((met_ || passed >= joined_after) && node->ready()))) return;
  joined_ = true;
  if (around.world->cluster->joined) around.world->cluster->joined();
}

void cluster_actor_state::schedule(steady_time now) {
  const auto& connections = around.world->hooks.connections;
  auto after = node->next_tick_within();
  if (connections && connections() == 0) after = idle_tick_every;
  if (next_tick_ > now && next_tick_ <= now + after) return;   // one comes as soon
  next_tick_ = now + after;
  self_->delayed_send(self_, after, cluster_tick{});
}

void cluster_actor_state::mail() {
  const auto now = steady_now();
  node->mail(now);
  schedule(now);
}

// The question goes to this node's own admin actor, as if it had been asked there.
void cluster_actor_state::answer(const std::string& from, const cluster::admin_ask& question) {
  const cluster_handle handle{self_};
  const auto reply = [handle, from, id = question.id](admin_answer answer) { caf::anon_send(handle, node_answered{from, id, std::move(answer)}); };
  const auto admin = around.book->current().admin;
  if (!admin) return reply(problem_answer(503, "overloaded", "that part of the node is being restarted"));
  if (!may_be_asked(question)) return reply(problem_answer(403, "not_allowed", "other nodes may not ask for this"));
  const auto mark = std::min(question.target.find('?'), question.target.size());
  auto asked = std::make_shared<admin_question>();
  asked->method = question.method;
  asked->path = question.target.substr(0, mark);
  asked->query = mark < question.target.size() ? question.target.substr(mark + 1) : "";
  asked->body = question.body;
  caf::anon_send(admin, admin_asked{std::move(asked), std::make_shared<answer_once>(reply)});
}

void cluster_actor_state::publish(steady_time now) {
  next_publication_ = now + publish_every;
  std::array<int, 5> count{};
  for (const auto& line : node->members()) ++count[static_cast<std::size_t>(line.state)];
  for (std::size_t i = 0; i < count.size(); ++i) around.world->cluster->members[i].store(count[i], std::memory_order_relaxed);
}

members_report cluster_actor_state::report() const { return {node->members(), node->traffic()}; }

actor_line cluster_actor_state::line() {
  std::string text = node->running() ? "" : "waits for its incarnation to be on disk; ";
  text += "incarnation " + std::to_string(node->life());
  for (const auto& line : node->members()) text += ", " + line.name + " " + std::string(cluster::to_string(line.state)) + (line.is_self ? " (self)" : "");
  const auto traffic = node->traffic();
  text += "; links " + std::to_string(traffic.links) + ", sent " + std::to_string(traffic.sent_bytes / 1024) + " KiB, dropped " + std::to_string(traffic.dropped) + ", refused " + std::to_string(traffic.refused);
  return {"cluster", "cluster", std::move(text), mailbox_depth(self_)};
}

cluster_handle::behavior_type cluster_actor(cluster_actor_state::self_pointer self, surroundings around) {
  fail_loudly(self, "cluster");
  self->state.begin(std::move(around));
  return {
      [self](const status_request&) { return self->state.line(); },
      [self](const cluster_tick&) { self->state.tick(); },
      [self](const cluster_mail&) { self->state.mail(); },
      [self](const cluster_written& written) { self->state.node->written(written.what, steady_now()); },
      [self](const ask_nodes& ask) {
        const auto& q = *ask.question;
        self->state.node->ask(ask.nodes, q.method, q.query.empty() ? q.path : q.path + "?" + q.query, q.body, steady_now(), ask.then);
      },
      [self](const node_answered& made) { self->state.node->answer(made.to, made.id, made.answer.status, made.answer.body, steady_now()); },
      [self](const members_request&) { return self->state.report(); },
      [self](const leave_cluster&) {
        self->state.node->leave(steady_now());
        return left_cluster{};
      },
      [self](const forget_member& wanted) { return member_forgotten{self->state.node->forget(wanted.node, steady_now())}; },
  };
}

}  // namespace switchyard::actors
