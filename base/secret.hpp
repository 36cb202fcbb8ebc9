// A string that must not be shown: no stream or format operator, erased from memory when it dies.
#pragma once

#include <string>
#include <string_view>

namespace switchyard {

/// Holds a credential. reveal() is the one way to its characters; use it only to send or to compare.
class secret {
 public:
  secret() = default;
  explicit secret(std::string value) : value_(std::move(value)) {}
  secret(const secret&) = default;
  secret(secret&& other) noexcept;
  secret& operator=(const secret& other);
  secret& operator=(secret&& other) noexcept;
  ~secret();

  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  /// Constant time in the length of `guess`.
  [[nodiscard]] bool equals(std::string_view guess) const noexcept;
  friend bool operator==(const secret& a, const secret& b) noexcept { return a.equals(b.value_); }

 private:
  void erase() noexcept;
  std::string value_;
};

}  // namespace switchyard
