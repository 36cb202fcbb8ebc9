#include "cluster/registers.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

std::optional<milliseconds> left_of(const register_value& value, steady_time now) {
  if (!value.until) return std::nullopt;
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*value.until - now));
}

}  // namespace

registers::registers(node_name self, std::vector<node_name> configured, std::uint64_t life, register_options options)
    : self_(std::move(self)), options_(options) {
  for (auto& node : configured) {
    writers_[node];
    if (node != self_) others_.push_back(std::move(node));
  }
  writers_[self_].life = life;
}

void registers::store(writer_state& w, const std::string& name, register_value value) {
  const auto [slot, fresh] = w.values.try_emplace(name);
  if (!fresh) w.by_seq.erase(slot->second.seq);
  w.by_seq[value.seq] = name;
  slot->second = std::move(value);
}

outcome registers::write(const std::string& name, std::string value, std::optional<milliseconds> lasts, steady_time now, outbox& out) {
  auto& own = writers_[self_];
  if (value.size() + name.size() > options_.longest_value) return internal_error("a shared register takes " + std::to_string(options_.longest_value) + " bytes");
  if (!own.values.contains(name) && own.values.size() >= options_.most_registers)
    return internal_error("a node shares at most " + std::to_string(options_.most_registers) + " registers");
  if (lasts) lasts = std::clamp(*lasts, milliseconds(0), options_.longest);
  const auto before = seq_++;
  for (const auto& to : others_) out.send(to, register_delta{self_, own.life, before, seq_, {{name, seq_, lasts, value}}});
  store(own, name, {seq_, lasts ? std::optional(now + *lasts) : std::nullopt, now, std::move(value)});
  own.complete = seq_;
  return done{};
}

void registers::on(const node_name&, const register_delta& message, steady_time now) {
  const auto found = writers_.find(message.writer);
  if (found == writers_.end() || message.writer == self_) return;
  auto& w = found->second;
  if (message.life < w.life) return;
  if (message.life > w.life) {                   // R4
    ++revision_;
    w = {};
    w.life = message.life;
  }
  for (const auto& entry : message.entries) {
    const auto known = w.values.find(entry.name);
    if (known != w.values.end() && known->second.seq >= entry.seq) continue;
    if (known == w.values.end() && w.values.size() >= options_.most_registers) continue;
    const auto lasts = entry.lasts ? std::optional(now + std::clamp(*entry.lasts, milliseconds(0), options_.longest)) : std::nullopt;
    store(w, entry.name, {entry.seq, lasts, now, entry.value});
    ++revision_;
  }
  if (message.after <= w.complete || !options_.marks_stop_at_gaps) w.complete = std::max(w.complete, message.up_to);   // R2
}

void registers::send_since(const node_name& to, const node_name& writer, const writer_state& w, std::uint64_t after, steady_time now, outbox& out) const {
  register_delta part{writer, w.life, after, after, {}};
  for (auto next = w.by_seq.upper_bound(after); next != w.by_seq.end() && next->first <= w.complete; ++next) {
    const auto& value = w.values.at(next->second);
    part.entries.push_back({next->second, value.seq, left_of(value, now), value.value});
    part.up_to = value.seq;
    if (part.entries.size() < options_.most_entries) continue;
    out.send(to, part);
    part = {writer, w.life, part.up_to, part.up_to, {}};
  }
  part.up_to = w.complete;                       // the writes between were overwritten
  if (part.up_to > part.after) out.send(to, part);
}

register_digest registers::digest(bool answer) const {
  register_digest all{{}, answer};
  for (const auto& [writer, w] : writers_)
    if (w.life != 0) all.marks.push_back({writer, w.life, w.complete});
  return all;
}

void registers::on(const node_name& from, const register_digest& message, steady_time now, outbox& out) {
  std::map<node_name, const register_mark*> theirs;
  for (const auto& mark : message.marks) theirs[mark.writer] = &mark;
  bool behind = false;
  for (const auto& [writer, w] : writers_) {
    const auto mark = theirs.find(writer);
    const auto life = mark == theirs.end() ? 0 : mark->second->life;
    const auto up_to = mark == theirs.end() ? 0 : mark->second->up_to;
    if (life < w.life) {
      if (w.complete > 0)
        send_since(from, writer, w, 0, now, out);
      else
        out.send(from, register_delta{writer, w.life, 0, 0, {}});   // ends the earlier life's
    } else if (life == w.life && up_to < w.complete) {
      send_since(from, writer, w, up_to, now, out);
    } else if (life > w.life || up_to > w.complete) {
      behind = true;
    }
  }
  if (behind && !message.answer) out.send(from, digest(true));
}

void registers::tick(steady_time now, outbox& out) {
  if (others_.empty() || now < next_digest_) return;
  next_digest_ = now + options_.digest_every;
  out.send(others_[turn_++ % others_.size()], digest(false));
}

const register_value* registers::find(const node_name& writer, const std::string& name, steady_time now) const {
  const auto w = writers_.find(writer);
  if (w == writers_.end()) return nullptr;
  const auto value = w->second.values.find(name);
  if (value == w->second.values.end() || (value->second.until && *value->second.until <= now)) return nullptr;
  return &value->second;
}

std::map<std::pair<node_name, std::string>, std::string> registers::contents() const {
  std::map<std::pair<node_name, std::string>, std::string> all;
  for (const auto& [writer, w] : writers_)
    for (const auto& [name, value] : w.values) all[{writer, name}] = std::to_string(w.life) + "/" + std::to_string(value.seq) + " " + value.value;
  return all;
}

}  // namespace switchyard::cluster
