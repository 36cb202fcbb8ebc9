#include "base/money.hpp"

namespace switchyard {

std::string format_usd(nano_usd amount) {
  const bool negative = amount < 0;
  const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount);
  std::string fraction = std::to_string(magnitude % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  std::string text = negative ? "-" : "";
  text += std::to_string(magnitude / 1'000'000'000);
  text += '.';
  return text += fraction;
}

}  // namespace switchyard
