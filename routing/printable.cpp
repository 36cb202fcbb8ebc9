#include "routing/printable.hpp"

namespace switchyard::routing {

std::string printable(std::string text, std::size_t most) {
  const bool cut = text.size() > most;
  if (cut) text.resize(most > 3 ? most - 3 : 0);
  for (char& c : text) c = c < 0x20 || c > 0x7e ? '?' : c;   // a store each time: the compiler makes it 16 characters a step
  if (cut) text += "...";
  return text;
}

}  // namespace switchyard::routing
