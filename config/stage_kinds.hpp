// The kinds of stage a route may have: each is a file stage_<name>.cpp with its reading rule and its checks, and a row in stages.cpp.
#pragma once

#include "config/config.hpp"
#include "config/rules.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace switchyard::config {

using stage_value = decltype(stage_config::what);

/// Where a check finds a stage.
struct stage_place {
  std::string path;                              ///< "routes[0].stages[1].balance"
  source_position at;
};

/// What one kind of stage is called, how it is read, shown and described, and what must hold between it and the rest of the file.
class stage_kind {
 public:
  virtual ~stage_kind() = default;
  virtual void read(const node& from, stage_value& into, reading& run) const = 0;
  virtual void show(const stage_value& from, json_writer& out) const = 0;
  /// Writes the members of the value's schema object.
  virtual void describe(json_writer& out) const = 0;
  [[nodiscard]] virtual bool is(const stage_value& what) const noexcept = 0;
  virtual void check(const config& all, const stage_value& what, const stage_place& place, reading& run) const = 0;

  std::string_view name;
  std::string_view doc;                          ///< a sentence for the JSON Schema

 protected:
  stage_kind(std::string_view called, std::string_view sentence) : name(called), doc(sentence) {}
};

using stage_kind_ptr = std::shared_ptr<const stage_kind>;

/// Reports what is wrong between a stage and the rest of the file; null: nothing can be.
template <class T>
using stage_check = void (*)(const config& all, const T& stage, const stage_place& place, reading& run);

template <class T>
class kind_of_stage final : public stage_kind {
 public:
  kind_of_stage(std::string_view called, std::string_view sentence, rule_ptr<T> what, stage_check<T> check)
      : stage_kind(called, sentence), what_(std::move(what)), check_(check) {}

  void read(const node& from, stage_value& into, reading& run) const override { what_->read(from, into.template emplace<T>(), run); }
  void show(const stage_value& from, json_writer& out) const override { what_->show(std::get<T>(from), out); }
  void describe(json_writer& out) const override { what_->describe(out); }
  bool is(const stage_value& what) const noexcept override { return std::holds_alternative<T>(what); }
  void check(const config& all, const stage_value& what, const stage_place& place, reading& run) const override {
    if (check_ != nullptr) check_(all, std::get<T>(what), place, run);
  }

 private:
  rule_ptr<T> what_;
  stage_check<T> check_;
};

template <class T>
[[nodiscard]] stage_kind_ptr make_stage_kind(std::string_view name, std::string_view doc, rule_ptr<T> what, stage_check<T> check = nullptr) {
  return std::make_shared<kind_of_stage<T>>(name, doc, std::move(what), check);
}

[[nodiscard]] stage_kind_ptr guard_kind();       // stage_guard.cpp
[[nodiscard]] stage_kind_ptr semantic_kind();    // stage_semantic.cpp
[[nodiscard]] stage_kind_ptr intent_kind();      // stage_intent.cpp
[[nodiscard]] stage_kind_ptr balance_kind();     // stage_balance.cpp
[[nodiscard]] stage_kind_ptr fallback_kind();    // stage_fallback.cpp
[[nodiscard]] stage_kind_ptr cache_kind();       // stage_cache.cpp

/// In the order they are listed to people.
[[nodiscard]] const std::vector<stage_kind_ptr>& stage_kinds();
/// Of that stage; there always is one.
[[nodiscard]] const stage_kind& kind_of_stage_config(const stage_config& stage);

}  // namespace switchyard::config
