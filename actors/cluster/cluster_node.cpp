#include "actors/cluster/cluster_node.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace {

constexpr const char* roster_log = "roster";
constexpr milliseconds retry_every{500};
constexpr int most_rounds = 16;                  // of messages of a node to itself that lead to further ones
constexpr std::size_t worth_compacting = 1000;
constexpr std::size_t most_waiting_records = 64;

std::uint64_t number_in(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

cluster_node::cluster_node(setting given) : given_(std::move(given)), roster_(given_.roster) {}

void cluster_node::start(steady_time now) {
  given_.journal->replay(cluster::journal_log::incarnation, [this](const std::string& bytes) { life_ = std::max(life_, number_in(bytes)); });
  given_.journal->replay(roster_log, [this](const std::string& bytes) { roster_.replay(bytes); });
  life_ = std::max(life_, given_.unix_seconds);
  compact();
  renew(now);
}

// Whole logs that grew long are replaced by what they come to.
void cluster_node::compact() {
  using namespace cluster;
  const auto& journal = given_.journal;
  const auto replace = [&](const char* log, const auto& records) {
    std::vector<cluster_journal::entry> entries;
    for (const auto& record : records) entries.push_back({log, encode(record), entries.empty()});
    if (!entries.empty()) journal->write(std::move(entries), {});
  };
  const auto replay_into = [&](const char* log, auto& protocol) {
    std::size_t count = 0;
    journal->replay(log, [&](const std::string& bytes) {
      ++count;
      if (const auto record = decode<escrow_record>(bytes)) protocol.replay(*record);
    });
    return count;
  };
  const auto& self = given_.roster.self.node;
  escrow_owner pools;
  if (replay_into(journal_log::pools, pools) > worth_compacting) replace(journal_log::pools, pools.snapshot());
  escrow_holder purses(self, roster_.names(), life_ + 1, {});
  if (replay_into(journal_log::purses, purses) > worth_compacting) replace(journal_log::purses, purses.snapshot());
  std::map<std::uint8_t, lease_record> owners;
  std::size_t moves = 0;
  journal->replay(journal_log::leases, [&](const std::string& bytes) {
    ++moves;
    if (const auto record = decode<lease_record>(bytes)) owners[record->shard] = *record;
  });
  if (moves > worth_compacting) {
    std::vector<lease_record> last;
    for (const auto& [shard, record] : owners) last.push_back(record);
    replace(journal_log::leases, last);
  }
  std::vector<config_record> kept(2);
  std::size_t texts = 0;
  journal->replay(journal_log::config, [&](const std::string& bytes) {
    ++texts;
    const auto record = decode<config_record>(bytes);
    if (record && record->version.counter >= kept[record->committed].version.counter) kept[record->committed] = *record;
  });
  std::erase_if(kept, [](const auto& record) { return record.version.counter == 0; });
  if (texts > 16) replace(journal_log::config, kept);
}

void cluster_node::renew(steady_time now) {
  if (protocols_ && !renewing_) pump(now);       // what the old life had to write is written first
  renewing_ = true;
  roster_changed_ = false;
  if (protocols_) life_ = std::max(life_, protocols_->members.incarnation());
  ++life_;
  said_incarnation_ = life_;
  roster_.set_incarnation(life_);
  names_ = roster_.names();
  std::vector<cluster_journal::entry> entries{{cluster::journal_log::incarnation, std::to_string(life_), true}, {roster_log, roster_.record(), true}};
  given_.journal->write(std::move(entries), [written = given_.written, life = life_] { written({life, true, {}}); });
}

void cluster_node::written(const receipt& what, steady_time now) {
  if (what.life != life_) return;                // of a life that is over
  if (what.begins_life) return build(now);
  if (!running()) return;
  for (const auto& [log, number] : what.records) {
    const auto reserved = protocols_->written(log, number, now);
    if (!reserved.empty())
      for (auto& part : given_.parts) part->reserved(reserved, now);
  }
  pump(now);
}

void cluster_node::build(steady_time now) {
  cluster::protocol_options options;
  cluster::node_protocols::surroundings around;
  around.replay = [journal = given_.journal](const std::string& log, const std::function<void(const std::string&)>& visit) { journal->replay(log, visit); };
  around.validate = [](const std::string&) { return std::string("this node takes no configuration from the cluster"); };
  around.period = [](const std::string&) { return std::int64_t{0}; };
  for (auto& part : given_.parts) part->prepare(options, around);
  auto next = std::make_unique<cluster::node_protocols>(given_.roster.self.node, names_, life_, options, now, std::move(around));
  for (auto& part : given_.parts) part->begin(*next, now);
  protocols_ = std::move(next);                  // the old ones end only now
  renewing_ = false;
  if (yard_)
    for (auto& part : given_.parts) part->yard_changed(yard_, now);
  given_.transport->set_incarnation(life_);
  given_.transport->dial(roster_.targets());
  introduce_to_all();
  if (leaving_) protocols_->members.leave(now, protocols_->out);
  log::info("cluster_life_begun", "this node takes part in the cluster", {{"incarnation", life_}, {"nodes", static_cast<std::uint64_t>(names_.size())}});
  tick(now);
}

void cluster_node::tick(steady_time now) {
  fanout_.tick(now);
  if (now >= next_retry_) {
    next_retry_ = now + retry_every;
    given_.journal->retry();
  }
  take_mail(now);
  if (!running()) return pump(now);
  ship(protocols_->tick(now), now);
  for (auto& part : given_.parts) part->tick(now);
  pump(now);
  note_changes();
  if (roster_changed_ && roster_.names() != names_ && !leaving_) return renew(now);
}

void cluster_node::mail(steady_time now) {
  take_mail(now);
  if (running()) {
    ship(protocols_->want_rows(now), now);       // with an answer the next rows may go
    for (auto& part : given_.parts) part->tick(now);
  }
  pump(now);
  if (running()) note_changes();
}

void cluster_node::ship(const std::optional<cluster::rows_to_read>& wanted, steady_time now) {
  if (!wanted) return;
  for (auto& part : given_.parts) part->rows_wanted(*wanted, now);
}

milliseconds cluster_node::next_tick_within() const {
  auto least = cluster_part::rare_ticks;
  for (const auto& part : given_.parts) least = std::min(least, part->next_tick_within());
  return least;
}

void cluster_node::take_mail(steady_time now) {
  for (auto& one : given_.transport->take()) take(one, now);
}

void cluster_node::take(cluster::arrival& one, steady_time now) {
  using what = cluster::arrival::what;
  if (one.kind == what::up) return take_up(one);
  if (one.kind == what::down) {
    linked_.erase(one.from);
    log::info("peer_link_down", "the link to a node is down", {{"node", one.from}, {"why", one.body}});
    if (running()) protocols_->members.link_down(one.from, now);
    return;
  }
  switch (one.message) {
    case cluster::message_kind::introductions: return take_introductions(one, now);
    case cluster::message_kind::admin_ask:
      if (auto question = cluster::decode<cluster::admin_ask>(one.body)) return given_.asked(one.from, *std::move(question));
      return given_.transport->drop(one.from, "a question that does not decode");
    case cluster::message_kind::admin_said:
      if (auto said = cluster::decode<cluster::admin_said>(one.body)) return fanout_.on(one.from, *std::move(said));
      return given_.transport->drop(one.from, "an answer that does not decode");
    default: break;
  }
  if (!running()) return;                        // lost; whoever sent it sends it again
  // Others' rows are the only records that nobody here waits for: while the disk takes none, no more are taken in.
  const bool holds_rows = one.message == cluster::message_kind::shipped_rows || one.message == cluster::message_kind::shipped_run;
  if (holds_rows && given_.journal->waiting() >= most_waiting_records) return;
  const auto arrived = one.at == steady_time{} ? now : one.at;
  if (auto taken = protocols_->receive(one.from, one.message, one.body, now, arrived); !taken) given_.transport->drop(one.from, taken.failure().message);
}

void cluster_node::take_up(const cluster::arrival& one) {
  const auto met = roster_.met(one.from, one.incarnation, one.body);
  linked_.insert(one.from);
  log::info("peer_link_up", "linked to a node", {{"node", one.from}, {"from", one.body}, {"incarnation", one.incarnation}});
  introduce_to(one.from);
  switch (met) {
    case cluster::roster::verdict::known: break;
    case cluster::roster::verdict::added:
      roster_changed_ = true;
      introduce_to_all();
      break;
    case cluster::roster::verdict::forgotten: given_.transport->drop(one.from, "it was forgotten; it comes back when it is started again"); break;
    case cluster::roster::verdict::full: given_.transport->drop(one.from, "the cluster has nine nodes already"); break;
  }
  check_met();
}

void cluster_node::take_introductions(const cluster::arrival& one, steady_time) {
  const auto said = cluster::decode<cluster::introductions>(one.body);
  if (!said) return given_.transport->drop(one.from, said.failure().message);
  if (!roster_.heard(one.from, *said)) return;
  roster_changed_ = true;
  for (const auto& gone : said->forgotten)
    if (protocols_) protocols_->members.forget(gone.node);
  if (roster_.self_forgotten()) return end_forgotten();
  given_.transport->dial(roster_.targets());
  introduce_to_all();
  // Addresses alone need no new life, but they are to be known at the next start.
  if (roster_.names() == names_) given_.journal->write({{roster_log, roster_.record(), true}}, {});
}

void cluster_node::end_forgotten() {
  if (std::exchange(told_forgotten_, true)) return;
  log::error("forgotten", "the cluster was told to forget this node: it takes part and serves again once it is started anew", {});
  given_.transport->dial({});
  for (const auto& node : linked_) given_.transport->drop(node, "this node was forgotten");
  given_.forgotten();
}

void cluster_node::introduce_to(const cluster::node_name& node) { out_.send(node, roster_.introduce()); }

void cluster_node::introduce_to_all() {
  for (const auto& node : linked_) introduce_to(node);
}

void cluster_node::pump(steady_time now) {
  std::vector<cluster::outgoing> batch = out_.take();
  if (protocols_ && !renewing_) {
    for (int round = 0; round < most_rounds; ++round) {
      auto mail = protocols_->out.take();
      if (mail.empty()) break;
      for (auto& message : mail) {
        if (message.to != given_.roster.self.node) {
          if (linked_.contains(message.to)) batch.push_back(std::move(message));
        } else if (auto taken = protocols_->receive(message.to, message.kind, message.body, now); !taken) {
          log::error("cluster_message_to_itself", taken.failure().message, {});
        }
      }
    }
    receipt numbers{life_, false, {}};
    std::vector<cluster_journal::entry> entries;
    for (auto& [log, record] : protocols_->take_records()) {
      numbers.records.emplace_back(log, record.number);
      entries.push_back({log, std::move(record.content), log == cluster::journal_log::incarnation});
    }
    if (!entries.empty())
      given_.journal->write(std::move(entries), [written = given_.written, numbers = std::move(numbers)] { written(numbers); });
  }
  given_.transport->send(std::move(batch));
}

void cluster_node::note_changes() {
  // An incarnation that membership asked for is this life's, too.
  if (const auto own = protocols_->members.incarnation(); own > said_incarnation_) {
    said_incarnation_ = own;
    roster_.set_incarnation(own);
    given_.transport->set_incarnation(own);
    introduce_to_all();
  }
  for (const auto& change : protocols_->members.take_changes())
    if (!cluster::roster::is_placeholder(change.node)) given_.changed(change);
}

void cluster_node::check_met() {
  if (met_) return;
  for (const auto& node : roster_.names())
    if (node != given_.roster.self.node && !linked_.contains(node)) return;
  met_ = true;
  given_.met_all();
}

void cluster_node::yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) {
  yard_ = yard;
  if (!running()) return;
  for (auto& part : given_.parts) part->yard_changed(yard, now);
  pump(now);
}

void cluster_node::leave(steady_time now) {
  leaving_ = true;
  if (!running()) return;
  for (auto& part : given_.parts) part->leave(now);
  protocols_->members.leave(now, protocols_->out);
  pump(now);
}

bool cluster_node::forget(const cluster::node_name& node, steady_time now) {
  std::uint64_t incarnation = 0;
  for (const auto& line : members())
    if (line.name == node) incarnation = line.incarnation;
  if (!roster_.forget(node, incarnation)) return false;
  if (protocols_) protocols_->members.forget(node);
  roster_changed_ = true;
  introduce_to_all();
  given_.transport->dial(roster_.targets());
  given_.transport->drop(node, "it was forgotten");
  tick(now);
  return true;
}

void cluster_node::ask(std::vector<cluster::node_name> nodes, const std::string& method, const std::string& target, const std::string& body, steady_time now,
                       admin_fanout::gathered then) {
  std::vector<cluster::node_name> unreachable;
  if (nodes.empty()) {
    for (const auto& line : members()) {
      if (line.is_self || line.state == cluster::member_state::left) continue;
      (linked_.contains(line.name) && line.state != cluster::member_state::dead ? nodes : unreachable).push_back(line.name);
    }
  }
  fanout_.ask(nodes, method, target, body, now, out_, [unreachable, then = std::move(then)](std::vector<node_answer> answers, std::vector<cluster::node_name> missing) {
    missing.insert(missing.end(), unreachable.begin(), unreachable.end());
    std::sort(missing.begin(), missing.end());
    then(std::move(answers), std::move(missing));
  });
  pump(now);
}

void cluster_node::answer(const cluster::node_name& to, std::uint64_t id, int status, const std::string& body, steady_time now) {
  admin_fanout::answer(to, id, status, body, out_);
  pump(now);
}

bool cluster_node::ready() const {
  return running() && yard_ && std::all_of(given_.parts.begin(), given_.parts.end(), [](const auto& part) { return part->ready(); });
}

bool cluster_node::is_member(const cluster::node_name& node) const { return roster_.others().contains(node); }

std::vector<member_line> cluster_node::members() const {
  const auto& self = given_.roster.self;
  std::vector<member_line> all;
  member_line own{self.node, leaving_ ? cluster::member_state::left : cluster::member_state::alive, life_, self.address, self.build, std::nullopt, true};
  if (protocols_) own.incarnation = std::max(life_, protocols_->members.incarnation());
  all.push_back(std::move(own));
  const auto view = protocols_ ? protocols_->members.view() : std::vector<cluster::member_view>{};
  for (const auto& [node, known] : roster_.others()) {
    member_line line{node, cluster::member_state::suspect, known.incarnation, known.address, known.build, std::nullopt, false};
    for (const auto& seen : view) {
      if (seen.node != node) continue;
      // Taken for alive at first, so that protocols begin at once; nobody is told so before it was met.
      line.state = seen.state == cluster::member_state::alive && !linked_.contains(node) ? cluster::member_state::suspect : seen.state;
      line.incarnation = std::max(line.incarnation, seen.incarnation);
      if (const auto took = protocols_->members.round_trip(node)) line.round_trip = std::chrono::duration_cast<microseconds>(*took);
    }
    all.push_back(std::move(line));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace switchyard::actors
