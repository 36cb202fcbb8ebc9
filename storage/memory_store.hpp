// The key-value contract in memory: for tests and for nodes without a disk. A checkpoint is not possible.
#pragma once

#include "storage/store.hpp"

#include <array>
#include <map>
#include <mutex>

namespace switchyard::storage {

class memory_store final : public store {
 public:
  memory_store();

  [[nodiscard]] result<std::optional<std::string>> get(table where, std::string_view key) const override;
  [[nodiscard]] outcome scan(table where, std::string_view from, std::string_view to, const visitor& visit) const override;
  [[nodiscard]] outcome scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const override;
  [[nodiscard]] outcome write(const write_batch& batch, survives what) override;
  [[nodiscard]] std::unique_ptr<reader> snapshot() const override;
  [[nodiscard]] outcome checkpoint(const std::string& folder) override;
  [[nodiscard]] outcome reopen() override;

  /// For tests: writes fail as on a full disk while there is no room, and then until reopen().
  void set_room(bool room) noexcept;

  using tables = std::array<std::map<std::string, std::string, std::less<>>, std::size(every_table)>;

 private:
  [[nodiscard]] std::shared_ptr<const tables> now() const;

  mutable std::mutex mutex_;
  mutable std::shared_ptr<tables> tables_;       ///< copied before a write while somebody else reads it
  bool room_ = true;
  bool stuck_ = false;
};

}  // namespace switchyard::storage
