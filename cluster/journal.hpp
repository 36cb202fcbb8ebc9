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

/// `Content`: bytes, or what its writer makes bytes of.
template <class Content>
class box_of_records {
 public:
  struct record {
    std::uint64_t number = 0;                    ///< counts from 1 within a life
    Content content;
  };
  /// Returns the record's number.
  std::uint64_t write(Content content) {
    waiting_.push_back({++last_, std::move(content)});
    return last_;
  }
  [[nodiscard]] std::vector<record> take() { return std::exchange(waiting_, {}); }

 private:
  std::vector<record> waiting_;
  std::uint64_t last_ = 0;
};

using journal_box = box_of_records<std::string>;
using record_to_write = journal_box::record;

}  // namespace switchyard::cluster
