// What stands on disk: the ledger's records. Byte 0: which, its high bit whether the checksum is repaired, so that the fields are reached;
// then a length byte and the key; the rest is the value. What is read is written again the same.
#include "storage/crc32c.hpp"
#include "storage/ledger_row.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::storage;
using namespace switchyard::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  const auto which = input.byte();
  const auto key = input.text();
  std::string value(input.rest());
  if ((which & 128) != 0) {
    const auto sum = crc32c(value);
    for (int i = 0; i < 4; ++i) value += static_cast<char>(sum >> (8 * i));
  }
  if ((which & 1) == 0) {
    const auto row = decode_row(key, value);
    if (!row) {
      require(!row.failure().message.empty());
      return 0;
    }
    const auto again = decode_row(row->id.key(), encode(*row));
    require(again && encode(*again) == encode(*row));
    std::string shown;
    append_jsonl(shown, *row);
    require(is_json(shown));
    append_csv(shown, *row);
  } else {
    const auto open = decode_open(key, value);
    if (!open) return 0;
    const auto again = decode_open(open->id.bytes(), encode(*open));
    require(again && encode(*again) == encode(*open));
  }
  return 0;
}
