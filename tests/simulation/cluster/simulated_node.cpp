#include "tests/simulation/cluster/simulated_node.hpp"

namespace switchyard::cluster::simulation {

namespace {

node_protocols::surroundings on(virtual_disk& disk) {
  node_protocols::surroundings around;
  around.replay = [&disk](const std::string& log, const std::function<void(const std::string&)>& visit) {
    for (const auto& bytes : disk.log(log)) visit(bytes);
  };
  around.validate = [](const std::string& text) { return std::string(text.empty() ? "1:1: empty" : ""); };
  around.period = [](const std::string&) { return simulated_node::period; };
  return around;
}

}  // namespace

simulated_node::simulated_node(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now,
                               virtual_disk& disk)
    : node_protocols(name, all, life, options, now, on(disk)), disk_(disk) {
  // Both logs are one table: what is newer replaces what is older, in whatever order they are read.
  for (const auto* log : {"made", "learned"})
    for (const auto& bytes : disk.log(log)) records.restore(*decode<shared_record>(bytes));
  if (!options.ledger) return;
  // Rows are "LIFE/SEQ/..."; earlier lives may have rows that were never shipped.
  std::map<std::uint64_t, std::uint64_t> lives;
  for (const auto& row : disk.log("ledger")) ++lives[std::stoull(row)];
  for (const auto& [number, count] : lives) shipper.durable(number, count);
}

void simulated_node::change_record(shared_record record) {
  const auto number = records_made_.write(encode(record));
  waiting_[number] = std::move(record);
}

void simulated_node::tick(steady_time now) {
  const auto wanted = node_protocols::tick(now);
  if (!wanted) return;
  std::vector<std::string> found;
  const auto prefix = std::to_string(wanted->life) + "/";
  std::uint64_t seq = 0;
  for (const auto& row : disk_.log("ledger")) {
    if (row.compare(0, prefix.size(), prefix) != 0) continue;
    if (++seq >= wanted->first && found.size() < wanted->count) found.push_back(row);
  }
  if (!wanted->packed) return shipper.rows_read(*wanted, std::move(found), now, out);
  const auto count = found.size();
  std::string packed;
  for (const auto& row : found) packed += row + '\n';
  shipper.run_read(*wanted, count, std::move(packed), now, out);
}

void simulated_node::receive(const node_name& from, const outgoing& mail, steady_time now) {
  const auto ended = node_protocols::receive(from, mail.kind, mail.body, now);
  BOOST_REQUIRE_MESSAGE(ended.has_value(), "a message does not decode");
}

std::vector<std::pair<std::string, record_to_write>> simulated_node::take_records() {
  for (const auto& record : records.take_learned()) records_learned_.write(encode(record));
  auto all = node_protocols::take_records();
  for (auto& record : records_made_.take()) all.emplace_back("made", std::move(record));
  for (auto& record : records_learned_.take()) all.emplace_back("learned", std::move(record));
  for (auto& row : std::exchange(rows_to_write_, {})) {
    const auto seq = ++rows_written_;
    all.emplace_back("ledger", record_to_write{seq, std::to_string(life) + "/" + std::to_string(seq) + "/" + std::move(row)});
  }
  return all;
}

void simulated_node::written(const std::string& log, std::uint64_t number, steady_time now) {
  for (auto& attempt : node_protocols::written(log, number, now)) ready.push_back(std::move(attempt));
  if (log == "made") {
    for (auto one = waiting_.begin(); one != waiting_.end() && one->first <= number; one = waiting_.erase(one)) (void)records.write(one->second, out);
  }
  if (log == "ledger") shipper.durable(life, rows = number);
}

}  // namespace switchyard::cluster::simulation
