#include "actors/cluster/config_part.hpp"

#include "actors/admin_answers.hpp"
#include "base/log.hpp"
#include "config/shared_sections.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace switchyard::actors {

namespace {

constexpr std::size_t most_problems = 8;          // of one validation; the rest are counted
// Whoever sends SIGHUP to all nodes at once makes them propose the same text at the same time: one after the other by name, so that the first one's is in
// force when the next looks. Two that met nevertheless wait until nobody takes either for under way (config_options::undecided_for).
constexpr milliseconds look_every{500};
constexpr milliseconds one_after_the_other{300};
constexpr milliseconds after_a_clash = seconds(6);
constexpr milliseconds retry_for = seconds(20);

// "12-5f3a9c01": the counter, and the first bytes of the text's SHA-256.
std::string text_of(const cluster::config_version& version) {
  if (version.counter == 0) return "0";
  std::string out = std::to_string(version.counter) + "-";
  for (std::size_t i = 0; i < 4 && i < version.sha256.size(); ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(version.sha256[i]));
    out += digits;
  }
  return out;
}

std::string in_words(const std::vector<config::problem>& problems) {
  std::string out;
  for (std::size_t i = 0; i < problems.size() && i < most_problems; ++i) out += (out.empty() ? "" : "\n") + problems[i].to_string();
  if (problems.size() > most_problems) out += "\nand " + std::to_string(problems.size() - most_problems) + " more";
  return out;
}

config_verdict::kind kind_of(const std::string& why_not) {
  if (why_not.find("needs a majority") != why_not.npos) return config_verdict::kind::unavailable;
  for (const std::string_view words : {"another configuration is in force", "another change is being made", "a later version came into force", "making another change"})
    if (why_not.find(words) != why_not.npos) return config_verdict::kind::conflict;
  return config_verdict::kind::refused;
}

}  // namespace

config_part::config_part(std::shared_ptr<cluster_board> board, surroundings around)
    : board_(std::move(board)), around_(std::move(around)), text_(around_.file_text) {
  outcomes_->attend();
}

std::string config_part::validate(const std::string& text) const {
  return in_words(config::load_shared(text, "config", around_.env, around_.own()).problems);
}

std::string config_part::version() const { return protocols_ == nullptr ? "0" : text_of(protocols_->config.in_force()); }

void config_part::prepare(cluster::protocol_options&, cluster::node_protocols::surroundings& around) {
  around.validate = [this](const std::string& text) { return validate(text); };
}

void config_part::begin(cluster::node_protocols& protocols, steady_time now) {
  protocols_ = &protocols;
  if (change_ && change_->at == change::stage::proposed) {
    change_->at = change::stage::waiting;        // the protocols of another set of nodes know nothing of it
    change_->look_at = change_->propose_at = now;
  }
  board_->configs.attend();
  const auto& committed = protocols.config.in_force();
  if (handled_ != 0 || committed.counter == 0) {
    board_->config_in_force(version());
    return;
  }
  if (in_force(protocols.config.text())) {
    text_ = protocols.config.text();
    handled_ = committed.counter;
    board_->config_in_force(version());
    return;
  }
  log::warn("config_file_overridden", "the cluster's configuration is in force, and not the shared sections of this node's file", {{"version", text_of(committed)}});
}

void config_part::tick(steady_time now) {
  if (protocols_ == nullptr) return;
  for (auto& how : outcomes_->take()) applied(std::move(how));
  if (const auto how = protocols_->config.take_result()) commit_ended(*how, now);
  if (!applying_ && protocols_->config.in_force().counter > handled_ && !apply(protocols_->config.in_force().counter, protocols_->config.text())) return;
  if (const auto& why = protocols_->config.cannot_apply(); why != said_) {
    said_ = why;
    problem_.clear();
    if (!why.empty()) failed(handled_, why);
  }
  if (problem_ != shown_) board_->config_cannot_be_applied(shown_ = problem_);
  for (auto& asked : board_->configs.take()) waiting_.push_back(std::move(asked));
  propose(now);
}

// -- into force -------------------------------------------------------------------------------------------------------

bool config_part::apply(std::uint64_t counter, const std::string& text) {
  const auto own = around_.own();
  config::load_result loaded;
  if (text.empty())
    loaded.value = own;                          // nothing was committed, and there is no file: what the environment gives
  else
    loaded = config::load_shared(text, "config", around_.env, own);
  if (!loaded.value) {
    failed(counter, in_words(loaded.problems));
    return true;
  }
  if (!around_.apply(*loaded.value, [outcomes = outcomes_](outcome how) { (void)outcomes->put(std::move(how)); })) return false;
  applying_ = application{counter, text};
  return true;
}

void config_part::applied(outcome how) {
  if (!applying_) return;
  const auto done = *std::exchange(applying_, std::nullopt);
  if (!how) return failed(done.counter, how.failure().message);
  if (done.counter == 0) {
    if (change_ && change_->at == change::stage::own_sections) answer(config_verdict::kind::in_force);
    return;
  }
  handled_ = done.counter;
  problem_.clear();
  text_ = done.text;
  board_->config_in_force(version());
  log::info("cluster_config_in_force", "a configuration of the cluster is in force", {{"version", version()}});
  around_.tell("in_force", version());
  if (change_ && change_->at == change::stage::committed && change_->counter <= handled_) answer(config_verdict::kind::in_force);
}

void config_part::failed(std::uint64_t counter, const std::string& why) {
  if (counter == 0 && change_ && change_->at == change::stage::own_sections) return answer(config_verdict::kind::refused, why);
  problem_ = why;
  handled_ = std::max(handled_, counter);
  log::error("cluster_config_not_applied", "this node cannot apply the configuration that the cluster has committed, and goes on with its old one: " + why,
             {{"version", version()}});
  around_.tell("not_applied", why);
  if (change_ && change_->at == change::stage::committed && change_->counter <= counter)
    answer(config_verdict::kind::refused, "the cluster has committed it, but this node cannot apply it: " + why);
}

// -- proposals --------------------------------------------------------------------------------------------------------

bool config_part::in_force(const std::string& text) const {
  return text == text_ || config::shared_fingerprint(text) == config::shared_fingerprint(text_);
}

void config_part::propose(steady_time now) {
  if (!change_ && !waiting_.empty()) {
    change_.emplace();
    change_->asked = std::move(waiting_.front());
    change_->look_at = change_->propose_at = now;
    if (change_->asked.from == config_proposal::origin::file) change_->propose_at += one_after_the_other * place();
    change_->give_up = now + retry_for;
    waiting_.pop_front();
  }
  if (!change_ || change_->at != change::stage::waiting || now < change_->look_at || applying_) return;
  const auto& asked = change_->asked;
  if (!asked.if_version.empty() && asked.if_version != version())
    return answer(config_verdict::kind::conflict, "version " + version() + " is in force, not " + asked.if_version);
  if (asked.from == config_proposal::origin::file && (asked.text.empty() || in_force(asked.text))) {
    change_->at = change::stage::own_sections;
    if (!apply(0, text_)) answer(config_verdict::kind::unavailable, "the node is starting");
    return;
  }
  if (now < change_->propose_at) {
    change_->look_at = std::min(change_->propose_at, now + look_every);
    return;
  }
  change_->at = change::stage::proposed;
  const auto proposed = protocols_->config.apply(asked.text, now, protocols_->out, protocols_->config_journal);
  if (!proposed) return answer(kind_of(proposed.failure().message), proposed.failure().message);
}

void config_part::commit_ended(const cluster::applied& how, steady_time now) {
  if (!change_ || change_->at != change::stage::proposed) return;
  if (how.ok) {
    change_->at = change::stage::committed;
    change_->counter = how.version.counter;
    return;
  }
  const auto what = kind_of(how.why_not);
  if (change_->asked.from == config_proposal::origin::admin || what != config_verdict::kind::conflict || now >= change_->give_up) return answer(what, how.why_not);
  change_->at = change::stage::waiting;
  change_->look_at = now + look_every;
  change_->propose_at = how.why_not.find("being made") == how.why_not.npos ? change_->look_at : now + after_a_clash + one_after_the_other * place();
}

int config_part::place() const {
  const auto all = protocols_->members.view();
  return static_cast<int>(std::count_if(all.begin(), all.end(), [this](const auto& one) { return one.node < protocols_->name; }));
}

void config_part::answer(config_verdict::kind what, std::string why) {
  const auto asked = std::move(change_->asked);
  change_.reset();
  if (asked.then) asked.then({what, std::move(why), version()});
}

// -- the admin API ----------------------------------------------------------------------------------------------------

admin_answer config_answer(const config_verdict& how, const std::string& text) {
  switch (how.what) {
    case config_verdict::kind::refused: return problem_answer(400, "invalid_request", how.why);
    case config_verdict::kind::conflict: return problem_answer(412, "conflict", how.why);
    case config_verdict::kind::unavailable: return problem_answer(503, "overloaded", how.why);
    case config_verdict::kind::in_force: break;
  }
  boost::json::array passed_over;
  for (const auto& name : config::local_sections_of(text)) passed_over.emplace_back(name);
  return {200, "application/json", boost::json::serialize(boost::json::object{{"version", how.version}, {"passed_over", std::move(passed_over)}}), how.version};
}

}  // namespace switchyard::actors
