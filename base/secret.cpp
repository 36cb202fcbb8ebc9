#include "base/secret.hpp"

#include <cstring>
#include <utility>

namespace switchyard {

secret::secret(secret&& other) noexcept : value_(other.value_) { other.erase(); }

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    erase();
    value_ = other.value_;
  }
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    erase();
    value_ = other.value_;
    other.erase();
  }
  return *this;
}

secret::~secret() { erase(); }

bool secret::equals(std::string_view guess) const noexcept {
  unsigned difference = value_.size() == guess.size() ? 0 : 1;
  for (std::size_t i = 0; i < guess.size(); ++i) {
    const char mine = value_.empty() ? '\0' : value_[i % value_.size()];
    difference |= static_cast<unsigned char>(mine ^ guess[i]);
  }
  return difference == 0;
}

void secret::erase() noexcept {
  explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace switchyard
