// Rules for values made of values: a section with its field table, lists, and maps by name.
#pragma once

#include "config/rules.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>

namespace switchyard::config {

enum class presence { optional, required };

/// One row of a section's table: key, member, rule, and a sentence for the JSON Schema.
template <class Owner>
class field {
 public:
  template <class T>
  field(std::string_view name, T Owner::*where, std::type_identity_t<rule_ptr<T>> what, std::string_view doc,
        presence needed = presence::optional)
      : name(name), doc(doc), needed(needed), value_(std::make_shared<bound<T>>(where, std::move(what))) {}
  /// A section of the file whose values are members of the same struct.
  field(std::string_view name, rule_ptr<Owner> group, std::string_view doc)
      : name(name), doc(doc), value_(std::make_shared<grouped>(std::move(group))) {}

  void read(const node& from, Owner& into, reading& run) const { value_->read(from, into, run); }
  void show(const Owner& from, json_writer& out) const { value_->show(from, out); }
  void describe(const Owner& defaults, json_writer& out) const {
    out.begin_object();
    out.member("description", doc);
    value_->describe(defaults, needed == presence::optional, out);
    out.end_object();
  }

  std::string_view name;
  std::string_view doc;
  presence needed = presence::optional;

 private:
  struct erased {
    virtual ~erased() = default;
    virtual void read(const node& from, Owner& into, reading& run) const = 0;
    virtual void show(const Owner& from, json_writer& out) const = 0;
    virtual void describe(const Owner& defaults, bool with_default, json_writer& out) const = 0;
  };
  template <class T>
  struct bound final : erased {
    bound(T Owner::*where, rule_ptr<T> what) : where(where), what(std::move(what)) {}
    void read(const node& from, Owner& into, reading& run) const override { what->read(from, into.*where, run); }
    void show(const Owner& from, json_writer& out) const override { what->show(from.*where, out); }
    void describe(const Owner& defaults, bool with_default, json_writer& out) const override {
      what->describe(out);
      if (!with_default || !what->is_telling_default(defaults.*where)) return;
      out.key("default");
      what->show(defaults.*where, out);
    }
    T Owner::*where;
    rule_ptr<T> what;
  };
  struct grouped final : erased {
    explicit grouped(rule_ptr<Owner> what) : what(std::move(what)) {}
    void read(const node& from, Owner& into, reading& run) const override { what->read(from, into, run); }
    void show(const Owner& from, json_writer& out) const override { what->show(from, out); }
    void describe(const Owner&, bool, json_writer& out) const override { what->describe(out); }
    rule_ptr<Owner> what;
  };

  std::shared_ptr<const erased> value_;
};

/// What a table holds besides its fields.
template <class T>
struct section_extras {
  source_position T::*at = nullptr;              ///< filled with the section's place
  std::vector<absent_key> absent = {};
  std::vector<foreign_name> foreign = {};
};

/// Writes "type": [type, "null"]: a section or list whose lines are all commented out is an empty one.
void describe_nullable(std::string_view type, json_writer& out);

/// A map with fixed keys. Unknown keys and missing ones are reported. null is an empty map.
template <class T>
class section final : public rule<T> {
 public:
  explicit section(std::vector<field<T>> fields, section_extras<T> extras = {})
      : fields_(std::move(fields)), extras_(std::move(extras)) {
    for (const auto& row : fields_) names_.push_back(row.name);
  }

  void read(const node& from, T& into, reading& run) const override {
    if (extras_.at) into.*extras_.at = run.here();
    if (from.kind != value_kind::map && from.kind != value_kind::null) return run.wrong_type(from, "a map");
    const auto entries = run.entries(from);
    for (const auto* entry : entries) {
      const auto inside = run.enter(*entry);
      if (const auto* row = find(entry->key)) {
        const bool left_out = row->needed == presence::required && entry->value->kind == value_kind::null;
        if (!left_out) row->read(*entry->value, into, run);
      } else {
        run.unknown_key(*entry, names_, extras_.absent, extras_.foreign);
      }
    }
    for (const auto& row : fields_) {
      if (row.needed == presence::optional) continue;
      const auto has_it = [&](const map_entry* entry) { return entry->key == row.name && entry->value->kind != value_kind::null; };
      if (std::find_if(entries.begin(), entries.end(), has_it) == entries.end())
        run.report(run.path() + path_step(row.name), run.here(), "is required");
    }
  }

  void show(const T& from, json_writer& out) const override {
    out.begin_object();
    for (const auto& row : fields_) {
      out.key(row.name);
      row.show(from, out);
    }
    out.end_object();
  }

  void describe(json_writer& out) const override {
    const auto is_required = [](const field<T>& row) { return row.needed == presence::required; };
    const bool needs_something = std::any_of(fields_.begin(), fields_.end(), is_required);
    if (needs_something)
      out.member("type", "object");
    else
      describe_nullable("object", out);
    out.member("additionalProperties", false);
    if (needs_something) {
      out.key("required");
      out.begin_list();
      for (const auto& row : fields_)
        if (is_required(row)) out.text(row.name);
      out.end_list();
    }
    out.key("properties");
    out.begin_object();
    static const auto defaults = std::make_unique<const T>();   // a static of its own kind makes g++ 12 warn
    for (const auto& row : fields_) {
      out.key(row.name);
      row.describe(*defaults, out);
    }
    out.end_object();
  }

 private:
  const field<T>* find(std::string_view key) const noexcept {
    for (const auto& row : fields_)
      if (row.name == key) return &row;
    return nullptr;
  }

  std::vector<field<T>> fields_;
  section_extras<T> extras_;
  std::vector<std::string_view> names_;
};

/// null is an empty list.
template <class T>
class list_of final : public rule<std::vector<T>> {
 public:
  explicit list_of(rule_ptr<T> item, std::size_t least = 0) : item_(std::move(item)), least_(least) {}

  void read(const node& from, std::vector<T>& into, reading& run) const override {
    if (from.kind != value_kind::list && (from.kind != value_kind::null || least_ > 0)) return run.wrong_type(from, "a list");
    if (from.items.size() < least_) run.report(from.at, "expected a list of at least " + std::to_string(least_));
    into.clear();
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      const auto inside = run.enter(i, *from.items[i]);
      item_->read(*from.items[i], into.emplace_back(), run);
    }
  }
  void show(const std::vector<T>& from, json_writer& out) const override {
    out.begin_list();
    for (const auto& item : from) item_->show(item, out);
    out.end_list();
  }
  void describe(json_writer& out) const override {
    if (least_ > 0) {
      out.member("type", "array");
      out.member("minItems", least_);
    } else {
      describe_nullable("array", out);
    }
    out.key("items");
    out.begin_object();
    item_->describe(out);
    out.end_object();
  }

 private:
  rule_ptr<T> item_;
  std::size_t least_;
};

/// Absent or null: nullopt.
template <class T>
class optional_of final : public rule<std::optional<T>> {
 public:
  explicit optional_of(rule_ptr<T> what) : what_(std::move(what)) {}

  void read(const node& from, std::optional<T>& into, reading& run) const override {
    if (from.kind == value_kind::null) return into.reset();
    what_->read(from, into.emplace(), run);
  }
  void show(const std::optional<T>& from, json_writer& out) const override {
    if (from)
      what_->show(*from, out);
    else
      out.null();
  }
  void describe(json_writer& out) const override {
    describe_any_of(out, [&] { what_->describe(out); }, [&] { out.member("type", "null"); });
  }

 private:
  rule_ptr<T> what_;
};

/// What the keys of a map by name must look like.
struct name_form {
  std::string_view expected;
  std::string_view pattern;                      ///< for the schema
  bool (*fits)(std::string_view);
};

/// A map from names the user chooses to values, kept in file order. `Access` says how the container holds them:
/// static value& add(Container&, const std::string& name) and static auto& name_of(item), value_of(item).
template <class Container, class T, class Access>
class map_by_name final : public rule<Container> {
 public:
  map_by_name(const name_form& names, rule_ptr<T> value) : names_(names), value_(std::move(value)) {}

  void read(const node& from, Container& into, reading& run) const override {
    if (from.kind != value_kind::map && from.kind != value_kind::null) return run.wrong_type(from, "a map");
    into.clear();
    for (const auto* entry : run.entries(from)) {
      const auto inside = run.enter(*entry);
      if (!names_.fits(entry->key)) run.report(entry->at, "the key is to be " + std::string(names_.expected));
      value_->read(*entry->value, Access::add(into, entry->key), run);
    }
  }
  void show(const Container& from, json_writer& out) const override {
    out.begin_object();
    for (const auto& item : from) {
      out.key(Access::name_of(item));
      value_->show(Access::value_of(item), out);
    }
    out.end_object();
  }
  void describe(json_writer& out) const override {
    describe_nullable("object", out);
    out.key("propertyNames");
    out.begin_object();
    out.member("pattern", names_.pattern);
    out.end_object();
    out.key("additionalProperties");
    out.begin_object();
    value_->describe(out);
    out.end_object();
  }

 private:
  name_form names_;
  rule_ptr<T> value_;
};

}  // namespace switchyard::config
