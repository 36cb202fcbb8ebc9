// "Write this, then go on": how protocols ask for durability without a disk of their own.
//
// Whoever runs a protocol appends the records in order to a log, and calls the protocol's written(n) once record n and all before it survive a crash.
// A crash keeps a prefix of the log: what a record builds on is always there with it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::cluster {

struct record_to_write {
  std::uint64_t number = 0;                      ///< counts from 1 within a life
  std::string bytes;
};

class journal_box {
 public:
  /// Returns the record's number.
  std::uint64_t write(std::string bytes) {
    waiting_.push_back({++last_, std::move(bytes)});
    return last_;
  }
  [[nodiscard]] std::vector<record_to_write> take() { return std::exchange(waiting_, {}); }

 private:
  std::vector<record_to_write> waiting_;
  std::uint64_t last_ = 0;
};

}  // namespace switchyard::cluster
