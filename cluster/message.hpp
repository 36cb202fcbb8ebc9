// What travels between nodes: the kinds, and how a struct with a list of its fields becomes bytes.
//
//   struct ping {
//     static constexpr auto kind = message_kind::ping;
//     static constexpr std::size_t least = 1;                   // optional: fields of the oldest version we talk with; default: all
//     std::uint64_t seq = 0;
//     template <class Self, class Visit> static void fields(Self& self, Visit&& visit) { visit(self.seq); }
//   };
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/wire.hpp"

#include <array>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace switchyard::cluster {

using node_name = std::string;

/// Numbers are part of the protocol: never changed, never used again.
enum class message_kind : std::uint16_t {
  hello = 1,
  unsupported = 2,
  introductions = 3,
  heartbeat = 10,
  heartbeat_answer = 11,
  lease_request = 20,
  lease_grant = 21,
  escrow_request = 30,
  escrow_grant = 31,
  escrow_return = 32,
  escrow_returned = 33,
  escrow_recall = 34,
  register_delta = 40,
  register_digest = 41,
  config_stage = 50,
  config_staged = 51,
  config_committed = 52,
  config_fetch = 53,
  config_text = 54,
  // 55 and 56 were revoked keys before shared records held them.
  record_digest = 57,
  record_list = 58,
  shipped_rows = 60,
  shipped_answer = 61,
  shipped_run = 62,
  admin_ask = 70,
  admin_said = 71,
  cache_lookup = 80,
  cache_answer = 81,
  cache_store = 82,
};

namespace detail {

template <class T>
concept has_fields = requires(T& t) { T::fields(t, [](auto&...) {}); };
template <class T>
concept has_least = requires { T::least; };

template <class T>
void write_field(wire_writer& out, const T& value);

struct fields_writer {
  wire_writer& out;
  template <class... Field>
  void operator()(const Field&... field) const {
    out.list(sizeof...(Field));
    (write_field(out, field), ...);
  }
};

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
void write_field(wire_writer& out, const T& value) {
  if constexpr (has_fields<T>) {
    T::fields(value, fields_writer{out});
  } else if constexpr (is_vector<T>::value) {
    out.list(value.size());
    for (const auto& item : value) write_field(out, item);
  } else if constexpr (is_optional<T>::value) {
    if (value)
      write_field(out, *value);
    else
      out.nil();
  } else if constexpr (std::same_as<T, bool>) {
    out.flag(value);
  } else if constexpr (std::is_enum_v<T>) {
    out.number(static_cast<std::uint64_t>(value));
  } else if constexpr (std::unsigned_integral<T>) {
    out.number(value);
  } else if constexpr (std::signed_integral<T>) {
    out.integer(value);
  } else if constexpr (std::same_as<T, milliseconds>) {
    out.integer(value.count());
  } else {
    out.bytes(std::string_view(value));
  }
}

template <class T>
void read_field(wire_reader& in, T& value);

template <class T>
struct fields_reader {
  wire_reader& in;
  template <class... Field>
  void operator()(Field&... field) const {
    std::size_t least = sizeof...(Field);
    if constexpr (has_least<T>) least = T::least;
    in.enter(least);
    const auto one = [this](auto& f) {
      if (in.more()) read_field(in, f);
    };
    (one(field), ...);
    in.leave();
  }
};

template <class T>
void read_field(wire_reader& in, T& value) {
  if constexpr (has_fields<T>) {
    T::fields(value, fields_reader<T>{in});
  } else if constexpr (is_vector<T>::value) {
    value.clear();
    value.reserve(in.enter(0));
    while (in.more()) read_field(in, value.emplace_back());
    in.leave();
  } else if constexpr (is_optional<T>::value) {
    if (in.skip_nil())
      value.reset();
    else
      read_field(in, value.emplace());
  } else if constexpr (std::same_as<T, bool>) {
    value = in.flag();
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(in.number(static_cast<std::uint64_t>(last_of(T{}))));
  } else if constexpr (std::unsigned_integral<T>) {
    value = static_cast<T>(in.number(std::numeric_limits<T>::max()));
  } else if constexpr (std::same_as<T, std::int64_t>) {
    value = in.integer();
  } else if constexpr (std::same_as<T, milliseconds>) {
    value = milliseconds(in.integer());
  } else {
    static_assert(std::same_as<T, std::string>);
    value = in.bytes();
  }
}

}  // namespace detail

template <class Message>
[[nodiscard]] std::string encode(const Message& message) {
  wire_writer out;
  detail::write_field(out, message);
  return out.take();
}

/// An error names the field that does not fit.
template <class Message>
[[nodiscard]] result<Message> decode(std::string_view bytes) {
  wire_reader in(bytes);
  Message message;
  if (in.ok()) detail::read_field(in, message);
  if (in.ok()) return message;
  return error{error_code::internal, error_origin::peer, false, "a message does not fit: " + in.problem(), {}};
}

}  // namespace switchyard::cluster
