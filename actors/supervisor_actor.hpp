// The supervisor: spawns every actor from the config, restarts what fails, applies new configs, publishes the yard.
//
// Applying a config has two phases, so that a config that does not compile changes nothing:
//   1. compile: providers and keys (states of known keys are reused), then every route through its actors
//   2. commit:  limits and settings reach the keys' actors, removed ones end, the yard and the directory are published
#pragma once

#include "actors/messages.hpp"

#include <deque>
#include <map>

namespace switchyard::actors {

class supervisor {
 public:
  using self_pointer = supervisor_handle::stateful_pointer<supervisor>;
  explicit supervisor(self_pointer self) : self_(self) {}
  /// Ends every child, however the supervisor itself came to its end.
  ~supervisor();
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

  void begin(surroundings around);
  void apply(apply_config wanted);
  void child_ended(const caf::down_msg& down);
  void respawn(const std::string& name);
  void compile_overdue(std::uint64_t number);
  [[nodiscard]] actor_line line();
  [[nodiscard]] yard_published publish(const virtual_keys_changed& changed);
  [[nodiscard]] directory_changed list() const { return {directory_}; }

 private:
  /// An actor's place: it stays while its actor is being replaced.
  struct child {
    std::string name;
    std::string kind;
    caf::strong_actor_ptr actor;                 ///< null while its restart is pending
    std::function<void()> spawn;                 ///< fills the place
    int failures_in_row = 0;
    steady_time spawned_at{};
  };
  using key_name = std::pair<std::string, std::string>;   ///< provider, key
  struct key_place {
    std::shared_ptr<const routing::key_entry> entry;
    config::breaker_config breaker_config;
    std::vector<std::shared_ptr<const routing::key_state>> siblings;
    key_handle key;
    breaker_handle breaker;
  };
  struct route_place {
    std::vector<std::string_view> kinds;         ///< of its stages: fixed words
    route_handle route;
    std::vector<stage_handle> stages;
  };
  /// A config between its two phases.
  struct compilation {
    apply_config wanted;
    std::uint64_t number = 0;
    std::shared_ptr<routing::yard> yard;         ///< routes are added as they compile
    std::map<std::string, std::shared_ptr<const routing::route_entry>> compiled;
    std::shared_ptr<const routing::virtual_key_set> virtual_keys;
    std::size_t missing = 0;                     ///< routes, and the virtual keys
    bool quiet = false;                          ///< after a restart, not a reload
  };

  // supervisor_places.cpp: who lives where
  void spawn_services();
  void place(const std::string& name, std::string_view kind, std::function<void()> spawn);
  void occupy(const std::string& name, const caf::strong_actor_ptr& actor);
  void remove(const std::string& name);
  void spawn_key(const key_name& name);
  void spawn_breaker(const key_name& name);
  void spawn_route(const std::string& name);
  void spawn_stage(const std::string& route, std::size_t place);
  void place_route(const config::route_config& route);
  void remove_route(const std::string& name);
  [[nodiscard]] std::string stage_name(const std::string& route, std::size_t place) const;
  void publish_directory();
  [[nodiscard]] key_settings settings_of(const key_place& at) const { return {at.entry, at.siblings}; }

  // supervisor_actor.cpp: applying configs
  void next_config();
  [[nodiscard]] std::shared_ptr<routing::yard> compile_providers(const config::config& config);
  void ask_route(const config::route_config& route);
  void route_answered(std::uint64_t number, const std::string& name, const route_compiled& made);
  void ask_virtual_keys();
  void virtual_keys_answered(std::uint64_t number, const virtual_keys_compiled& made);
  void give_up(const std::string& why);
  void commit();
  void commit_keys(const routing::yard& yard);
  void remove_what_is_gone();
  void recompile_quietly();

  self_pointer self_;
  surroundings around_;
  std::map<std::string, child> children_;        ///< by name
  std::vector<std::string> order_;               ///< names as spawned: what `status` lists
  std::map<key_name, key_place> keys_;
  std::vector<key_name> current_keys_;           ///< of keys_, in the config's order
  std::map<std::string, route_place> routes_;
  std::map<key_name, std::shared_ptr<routing::key_state>> states_;   ///< of keys_ and of a config being compiled
  std::uint32_t last_key_id_ = 0;
  std::uint64_t last_compilation_ = 0;
  std::uint64_t yard_version_ = 0;
  std::shared_ptr<const config::config> config_;
  std::deque<std::pair<apply_config, bool>> waiting_;   ///< with compilation::quiet
  std::optional<compilation> running_;
  std::shared_ptr<const directory> directory_ = std::make_shared<directory>();
};

supervisor_handle::behavior_type supervisor_actor(supervisor::self_pointer self, surroundings around);

}  // namespace switchyard::actors
