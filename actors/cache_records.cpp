#include "actors/cache_records.hpp"

namespace switchyard::actors {

storage::stored_answer stored(const routing::cache_entry& entry) {
  storage::stored_answer out;
  out.exact = entry.key.exact;
  out.partition = entry.key.partition;
  out.prompt = entry.key.prompt;
  out.vector = entry.vector.values;
  out.scale = entry.vector.scale;
  out.embedding = entry.embedding;
  out.route = entry.route;
  out.tenant = entry.tenant;
  out.tags = entry.tags;
  out.provider = entry.provider;
  out.model = entry.model;
  out.key = entry.key_name;
  out.content_type = entry.content_type;
  out.body = entry.body;
  out.created_us = entry.created_us;
  out.expires_us = entry.expires_us;
  out.input_tokens = entry.input_tokens;
  out.output_tokens = entry.output_tokens;
  out.cost = entry.cost;
  return out;
}

std::shared_ptr<routing::cache_entry> restored(storage::stored_answer&& from) {
  auto out = std::make_shared<routing::cache_entry>();
  out->key = {from.partition, from.exact, std::move(from.prompt)};
  out->vector.values = std::move(from.vector);
  out->vector.scale = from.scale;
  out->embedding = from.embedding;
  out->route = std::move(from.route);
  out->tenant = std::move(from.tenant);
  out->tags = std::move(from.tags);
  out->provider = std::move(from.provider);
  out->model = std::move(from.model);
  out->key_name = std::move(from.key);
  out->content_type = std::move(from.content_type);
  out->body = std::move(from.body);
  out->created_us = from.created_us;
  out->expires_us = from.expires_us;
  out->input_tokens = from.input_tokens;
  out->output_tokens = from.output_tokens;
  out->cost = from.cost;
  return out;
}

}  // namespace switchyard::actors
