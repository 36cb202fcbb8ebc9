// A shard's owner: grants tokens to the nodes attached to it, out of a bucket that is as large as their part of the cluster.
//
// L1  A node counts as attached from a request that shows a stamp of this owner's life until ttl after that stamp was made. The node received
//     the stamp no earlier than it was made, so it knows when the owner has stopped counting it, whatever the network delays.
// L2  A bucket runs at rate x attached / N with burst x attached / N. A node is attached to one owner at a time (lease_holder), so the
//     shares of all owners together are at most 1, even when views differ.
// L3  Tokens granted and perhaps unused count against the burst until they are reported used, returned, or ttl has passed.
// L4  A new owner grants nothing for one ttl: by then all that one before it granted is void.
#pragma once

#include "cluster/lease_messages.hpp"
#include "cluster/lease_terms.hpp"
#include "cluster/outbox.hpp"

#include <deque>
#include <map>

namespace switchyard::cluster {

/// Owns every shard that nodes attach to it for. Not thread-safe.
class lease_owner {
 public:
  /// `life`: the node's incarnation at its start, never used before.
  lease_owner(std::size_t configured_nodes, std::uint64_t life, steady_time now, lease_options options = {});

  /// Limits that are not in the list any more are dropped; new ones start empty.
  void configure(const std::vector<lease_limit>& limits, steady_time now);
  /// A node was forgotten or came back. Shares change at once; nothing is granted for one ttl.
  void resize(std::size_t configured_nodes, steady_time now);
  void on(const node_name& from, const lease_request& message, steady_time now, outbox& out);

  [[nodiscard]] std::size_t attached(std::uint8_t shard, steady_time now);

 private:
  struct grant {
    std::uint64_t stamp;
    std::int64_t amount;
    steady_time ends;
  };
  struct limit {
    limit(std::int64_t per_minute, std::size_t nodes, steady_time fills_from)
        : per_minute(per_minute), terms(lease_terms::of(per_minute, nodes)), bucket(fills_from) {}
    std::int64_t per_minute;
    lease_terms terms;
    token_bucket bucket;
    std::map<node_name, std::deque<grant>> outstanding;
  };
  struct holder {
    std::uint64_t life = 0;
    std::uint64_t seq = 0;
    steady_time counted_until{};
  };
  struct shard_state {
    std::map<node_name, holder> holders;
    std::map<std::string, limit> limits;
    std::uint64_t last_stamp = 0;
  };

  [[nodiscard]] std::int64_t count(const shard_state& shard, steady_time now) const noexcept;
  // Drops what has ended, then lets `l` fill for the time since it last did.
  void settle_up(limit& l, std::int64_t attached, steady_time now) const;
  [[nodiscard]] static std::int64_t outstanding(const limit& l) noexcept;
  void book_report(limit& l, const node_name& from, const lease_want& report, std::uint64_t stamp) const;

  std::size_t nodes_;
  std::uint64_t life_;
  lease_options options_;
  steady_time grants_from_;
  std::map<std::uint8_t, shard_state> shards_;
};

}  // namespace switchyard::cluster
