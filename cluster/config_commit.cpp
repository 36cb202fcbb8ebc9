#include "cluster/config_commit.hpp"

#include <algorithm>

#include <openssl/sha.h>

namespace switchyard::cluster {

config_version config_commit::version_of(std::uint64_t counter, std::string_view text) {
  std::string sum(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), reinterpret_cast<unsigned char*>(sum.data()));
  return {counter, std::move(sum)};
}

config_commit::config_commit(node_name self, std::vector<node_name> configured, validator validate, config_options options)
    : self_(std::move(self)), configured_(std::move(configured)), validate_(std::move(validate)), options_(options) {}

void config_commit::replay(const config_record& record) {
  auto& slot = record.committed ? committed_ : staged_;
  if (record.version.counter >= slot.version.counter) slot = record;
}

outcome config_commit::apply(std::string text, steady_time now, outbox& out, journal_box& journal) {
  if (change_) return internal_error("this node is making another change");
  if (text.size() > longest_config) return client_error(error_code::invalid_request, "a cluster's configuration has at most 512 KiB");
  if (const auto why = validate_(text); !why.empty()) return client_error(error_code::invalid_request, why);
  const auto counter = std::max(committed_by_all().counter, staged_.version.counter) + 1;
  config_stage stage;
  stage.version = version_of(counter, text);
  stage.base = committed_by_all();
  stage.text = std::move(text);
  change_.emplace(change{});   // clang finds no constructor without arguments for a nested struct with initialised members
  change_->stage = stage;
  change_->until = now + options_.answer_within;
  for (const auto& node : configured_)
    if (node != self_) out.send(node, stage);
  on(self_, stage, now, out, journal);
  return done{};
}

bool config_commit::undecided(steady_time now) const noexcept {
  return staged_.version.counter > committed_.version.counter && staged_at_ != steady_time{} && now - staged_at_ < options_.undecided_for;
}

void config_commit::on(const node_name& from, const config_stage& message, steady_time now, outbox& out, journal_box& journal) {
  config_staged answer{message.version, false, {}, committed_.version};
  const auto& counter = message.version.counter;
  if (version_of(counter, message.text) != message.version) {
    answer.why_not = "the text is not the one its sum names";
  } else if (counter <= committed_by_all().counter || message.base != committed_by_all()) {
    answer.why_not = "another configuration is in force: version " + std::to_string(committed_by_all().counter);
  } else if (message.version != staged_.version && (counter <= staged_.version.counter || undecided(now))) {
    answer.why_not = "another change is being made: version " + std::to_string(staged_.version.counter);   // C1, C3
  } else {
    answer.why_not = validate_(message.text);
  }
  if (!answer.why_not.empty()) {
    if (from == self_)
      on(self_, answer);
    else
      out.send(from, answer);
    return;
  }
  answer.taken = true;
  staged_ = {false, message.version, message.text};
  staged_at_ = now;
  const auto number = journal.write(encode(staged_));
  waiting_[number] = {false, from, staged_};
}

void config_commit::on(const node_name& from, const config_staged& message) {
  if (!change_ || change_->committing || message.version != change_->stage.version) return;
  ++change_->answered;
  if (message.taken)
    change_->took.insert(from);
  else if (change_->why_not.empty())
    change_->why_not = from + ": " + message.why_not;
}

void config_commit::tick(steady_time now, outbox& out, journal_box& journal) {
  if (change_ && !change_->committing) {
    const auto majority = configured_.size() / 2 + 1;
    const bool enough = change_->took.size() >= (options_.needs_majority ? majority : 1);
    if (committed_.version.counter >= change_->stage.version.counter) {
      finish(false, "a later version came into force");   // this node was stopped meanwhile
    } else if (!change_->why_not.empty()) {
      finish(false, change_->why_not);
    } else if (change_->took.size() == configured_.size() || (now >= change_->until && enough)) {
      change_->committing = true;
      commit(change_->stage.version, change_->stage.text, journal);
    } else if (now >= change_->until) {
      finish(false, "needs a majority of " + std::to_string(configured_.size()) + " configured nodes; " + std::to_string(change_->took.size()) + " took it");
    }
  }
  if (configured_.size() > 1 && now >= next_gossip_) {
    next_gossip_ = now + options_.gossip_every;
    const auto& to = configured_[turn_++ % configured_.size()];
    if (to != self_) out.send(to, config_committed{committed_.version});
  }
}

void config_commit::finish(bool ok, std::string why_not) {
  result_ = applied{change_->stage.version, ok, std::move(why_not)};
  change_.reset();
}

void config_commit::commit(config_version version, std::string text, journal_box& journal) {
  if (version.counter <= std::max(committed_.version.counter, committing_)) return;
  committing_ = version.counter;
  config_record record{true, std::move(version), std::move(text)};
  const auto number = journal.write(encode(record));
  waiting_[number] = {true, {}, std::move(record)};
}

void config_commit::written(std::uint64_t number, outbox& out) {
  for (auto one = waiting_.begin(); one != waiting_.end() && one->first <= number; one = waiting_.erase(one)) {
    auto& what = one->second;
    if (what.commit) {
      if (what.record.version.counter > committed_.version.counter) committed_ = std::move(what.record);   // C2
      if (committed_.version.counter > unapplied_.counter) cannot_apply_.clear();
      if (change_ && change_->committing && committed_.version.counter >= change_->stage.version.counter) {
        for (const auto& node : configured_)
          if (node != self_) out.send(node, config_committed{committed_.version});
        finish(committed_.version == change_->stage.version, committed_.version == change_->stage.version ? "" : "a later version came into force");
      }
    } else if (what.answer_to == self_) {
      on(self_, config_staged{what.record.version, true, {}, committed_.version});
    } else {
      out.send(what.answer_to, config_staged{what.record.version, true, {}, committed_.version});
    }
  }
}

void config_commit::on(const node_name& from, const config_committed& message, outbox& out, journal_box& journal) {
  if (message.version.counter > committed_.version.counter) {
    if (staged_.version == message.version)
      commit(staged_.version, staged_.text, journal);
    else
      out.send(from, config_fetch{message.version});
  } else if (message.version.counter < committed_.version.counter) {
    out.send(from, config_committed{committed_.version});
  }
}

void config_commit::on(const node_name& from, const config_fetch& message, outbox& out) const {
  if (message.version == committed_.version) out.send(from, config_text{committed_.version, committed_.text});
}

void config_commit::on(const node_name&, const config_text& message, journal_box& journal) {
  if (message.version.counter <= committed_.version.counter || message.version.counter < unapplied_.counter || version_of(message.version.counter, message.text) != message.version) return;
  cannot_apply_ = validate_(message.text);
  if (cannot_apply_.empty()) return commit(message.version, message.text, journal);
  unapplied_ = message.version;
}

}  // namespace switchyard::cluster
