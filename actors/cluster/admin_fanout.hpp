// Questions of the admin API that this node puts to others, and the parts of their answers. Pure: `now` comes in, messages go to an outbox.
#pragma once

#include "cluster/admin_messages.hpp"
#include "cluster/outbox.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace switchyard::actors {

struct node_answer {
  cluster::node_name node;
  int status = 0;
  std::string body;
};

class admin_fanout {
 public:
  static constexpr milliseconds answer_within = seconds(2);
  static constexpr std::size_t most_under_way = 64;
  /// Those who did not answer in time are in `missing`.
  using gathered = std::function<void(std::vector<node_answer> answers, std::vector<cluster::node_name> missing)>;

  /// Asks each of `nodes`; with none of them, or too many questions under way, `then` hears at once.
  void ask(const std::vector<cluster::node_name>& nodes, const std::string& method, const std::string& target, const std::string& body, steady_time now,
           cluster::outbox& out, gathered then);
  void on(const cluster::node_name& from, cluster::admin_said said);
  void tick(steady_time now);

  /// An answer of this node to another one's question, in as many messages as it takes; one that is too long becomes a 500.
  static void answer(const cluster::node_name& to, std::uint64_t id, int status, const std::string& body, cluster::outbox& out);

 private:
  struct partial {
    std::map<std::uint16_t, std::string> parts;
    std::uint16_t expected = 0;
  };
  struct question {
    std::set<cluster::node_name> open;
    std::map<cluster::node_name, partial> arriving;
    std::vector<node_answer> answers;
    steady_time until{};
    gathered then;
  };
  std::map<std::uint64_t, question> questions_;
  std::uint64_t last_ = 0;
};

}  // namespace switchyard::actors
