#include "actors/cluster/admin_fanout.hpp"

#include <algorithm>

namespace switchyard::actors {

void admin_fanout::ask(const std::vector<cluster::node_name>& nodes, const std::string& method, const std::string& target, const std::string& body,
                       steady_time now, cluster::outbox& out, gathered then) {
  if (nodes.empty() || questions_.size() >= most_under_way) return then({}, nodes);
  const auto id = ++last_;
  auto& asked = questions_[id];
  asked.open.insert(nodes.begin(), nodes.end());
  asked.until = now + answer_within;
  asked.then = std::move(then);
  for (const auto& node : nodes) out.send(node, cluster::admin_ask{id, method, target, body});
}

void admin_fanout::on(const cluster::node_name& from, cluster::admin_said said) {
  const auto found = questions_.find(said.id);
  if (found == questions_.end() || !found->second.open.contains(from)) return;
  if (said.parts == 0 || said.parts > cluster::most_admin_parts || said.part >= said.parts) return;
  auto& asked = found->second;
  auto& arriving = asked.arriving[from];
  arriving.expected = said.parts;
  arriving.parts[said.part] = std::move(said.body);
  if (arriving.parts.size() < arriving.expected) return;
  node_answer whole{from, said.status, {}};
  for (const auto& [number, part] : arriving.parts) whole.body += part;
  asked.answers.push_back(std::move(whole));
  asked.open.erase(from);
  if (!asked.open.empty()) return;
  auto over = std::move(asked);
  questions_.erase(found);
  over.then(std::move(over.answers), {});
}

void admin_fanout::tick(steady_time now) {
  for (auto at = questions_.begin(); at != questions_.end();) {
    if (now < at->second.until) {
      ++at;
      continue;
    }
    auto over = std::move(at->second);
    at = questions_.erase(at);
    over.then(std::move(over.answers), {over.open.begin(), over.open.end()});
  }
}

void admin_fanout::answer(const cluster::node_name& to, std::uint64_t id, int status, const std::string& body, cluster::outbox& out) {
  const auto size = cluster::longest_admin_part;
  const auto parts = std::max<std::size_t>(1, (body.size() + size - 1) / size);
  if (parts > cluster::most_admin_parts) {
    out.send(to, cluster::admin_said{id, 500, R"({"error":{"code":"internal","message":"the answer is too long to be sent to another node"}})", 0, 1});
    return;
  }
  for (std::size_t part = 0; part < parts; ++part)
    out.send(to, cluster::admin_said{id, static_cast<std::uint16_t>(status), body.substr(part * size, size), static_cast<std::uint16_t>(part),
                                     static_cast<std::uint16_t>(parts)});
}

}  // namespace switchyard::actors
