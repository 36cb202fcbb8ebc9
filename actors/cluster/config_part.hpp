// One configuration for the cluster: what is applied on one node is in force on all (cluster/config_commit.hpp). The shared sections are the text that a
// majority committed; each node adds its own sections from its own file, and its own values of env.NAME and file:/path.
//
//   PUT /admin/v1/config, SIGHUP --> board.configs --> config_commit --committed--> load_shared() --> around.apply() --> the verdict
//
// A node's file counts until something was committed, and then for its own sections alone: a SIGHUP proposes its shared part to all when that differs
// from what is in force. A committed text that this node cannot apply is logged as an error, and the old one goes on.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/cluster/board.hpp"
#include "actors/cluster/part.hpp"
#include "config/load.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace switchyard::actors {

class config_part final : public cluster_part {
 public:
  struct surroundings {
    config::environment env;
    /// What the node's own file (or environment) gives now.
    std::function<config::config()> own;
    std::string file_text;                       ///< at the start; empty: there is no file
    /// Puts a config into force; `then` once, on any thread. False: the node is not that far yet, and nothing follows.
    std::function<bool(const config::config& next, std::function<void(outcome)> then)> apply;
    std::function<void(std::string_view what, const std::string& why)> tell;   ///< an event for whoever listens
  };
  config_part(std::shared_ptr<cluster_board> board, surroundings around);

  /// What is wrong with it for this node, "config:3:5: providers.openai.keyz: ...", a line each; empty: nothing. For config_commit.
  [[nodiscard]] std::string validate(const std::string& text) const;

  void prepare(cluster::protocol_options& options, cluster::node_protocols::surroundings& around) override;
  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>&, steady_time) override {}
  void tick(steady_time now) override;

  /// Why the committed text is not in force here; empty: it is.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] std::string version() const;

 private:
  struct change {
    enum class stage { waiting, proposed, committed, own_sections };
    config_proposal asked;
    stage at = stage::waiting;
    std::uint64_t counter = 0;                   // as committed
    steady_time look_at{}, propose_at{}, give_up{};
  };
  struct application {
    std::uint64_t counter = 0;                   // 0: of the node's own sections alone
    std::string text;
  };

  void applied(outcome how);
  void commit_ended(const cluster::applied& how, steady_time now);
  [[nodiscard]] bool apply(std::uint64_t counter, const std::string& text);
  void failed(std::uint64_t counter, const std::string& why);
  void propose(steady_time now);
  [[nodiscard]] int place() const;               // of this node among all, by name
  void answer(config_verdict::kind what, std::string why = {});
  [[nodiscard]] bool in_force(const std::string& text) const;

  std::shared_ptr<cluster_board> board_;
  surroundings around_;
  cluster::node_protocols* protocols_ = nullptr;
  std::string text_;                             // whose shared sections are in force; empty: those of around_.own()
  std::uint64_t handled_ = 0;                    // committed version that is in force, or cannot be
  std::string problem_;
  std::string shown_;                            // of problem_, on the board
  std::string said_;                             // of what config_commit could not take
  std::optional<application> applying_;
  std::shared_ptr<hand_over<outcome>> outcomes_ = std::make_shared<hand_over<outcome>>();
  std::optional<change> change_;
  std::deque<config_proposal> waiting_;
};

/// For the admin API.
[[nodiscard]] admin_answer config_answer(const config_verdict& how, const std::string& text);

}  // namespace switchyard::actors
