// Rate-limit leases. kinds 20 and 21.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

/// One limit of the shard.
struct lease_want {
  std::string key;
  std::int64_t want = 0;                         ///< tokens asked for now
  std::int64_t unused = 0;                       ///< held and not used, of all grants up to `stamp`
  std::int64_t returned = 0;                     ///< given back with this message; not in `unused`
  std::int64_t refunded = 0;                     ///< reserved, but not used in the end
  std::optional<std::int64_t> remaining;         ///< the provider's own word: this many are left

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.key, self.want, self.unused, self.returned, self.refunded, self.remaining);
  }
};

/// To the shard's owner: when tokens run low, and at least every 500 ms, for that is what keeps the node attached.
struct lease_request {
  static constexpr auto kind = message_kind::lease_request;
  std::uint8_t shard = 0;
  std::uint64_t life = 0;                        ///< the holder's incarnation at its start
  std::uint64_t seq = 0;                         ///< within that life; older ones than the last seen are dropped
  std::uint64_t owner_life = 0;                  ///< of the owner that gave `stamp`
  std::uint64_t stamp = 0;                       ///< the newest one received; 0: the node does not attach, it asks for a stamp
  std::vector<lease_want> wants;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.shard, self.life, self.seq, self.owner_life, self.stamp, self.wants);
  }
};

struct leased {
  std::string key;
  std::int64_t amount = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.key, self.amount);
  }
};

struct lease_grant {
  static constexpr auto kind = message_kind::lease_grant;
  std::uint8_t shard = 0;
  std::uint64_t holder_life = 0;
  std::uint64_t seq = 0;                         ///< of the request; tokens live ttl from when that was sent
  std::uint64_t owner_life = 0;
  std::uint64_t stamp = 0;                       ///< when the owner answered, by its own monotonic clock (ns, never twice): means something to it only
  std::vector<leased> granted;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.shard, self.holder_life, self.seq, self.owner_life, self.stamp, self.granted);
  }
};

}  // namespace switchyard::cluster
