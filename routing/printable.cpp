#include "routing/printable.hpp"

namespace switchyard::routing {

std::string printable(std::string text, std::size_t most) {
  const bool cut = text.size() > most;
  if (cut) text.resize(most > 3 ? most - 3 : 0);
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  if (cut) text += "...";
  return text;
}

}  // namespace switchyard::routing
