#include "search/server_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "blip/error.hpp"
#include "search/index_schema.hpp"
#include "search/inner_product.hpp"

namespace blip::search {
namespace {

// hnsw.ef_search: how many are kept in sight while the graph is walked, 1,000 at most.
constexpr std::size_t kLeastInSight = 400;
constexpr std::size_t kMostByGraph = 1000;
// How many neighbours a vector has, and how many are looked at to choose them. With pgvector's own
// numbers (16 and 64), 92 of 100 of the ten nearest to a text are found among the vectors of
// photos, however many are kept in sight; with these 98 are. Making it takes twice as long.
constexpr std::string_view kGraphQuality = "WITH (m = 24, ef_construction = 200)";
// The server adds up in another order. Of unit vectors, products differ by less.
constexpr double kSumTolerance = 1e-5;

// A statement that the graph is used for has its numbers in it, not as parameters: the server has
// to see that they are those of the graph. They are numbers, so nothing else can be written with
// them.
std::string graph_name(const IndexedModel& model) {
  return "vectors_of_model_" + std::to_string(model.id);
}

std::string graph_key(const IndexedModel& model) {
  return "(vector::vector(" + std::to_string(model.dims) + "))";
}

std::string array_of(std::span<const std::int64_t> ids) {
  std::string text = "{";
  for (const std::int64_t id : ids) {
    if (text.size() > 1) text += ',';
    text += std::to_string(id);
  }
  return text + "}";
}

// most: of the statement's LIMIT, which a hostile server need not heed
std::vector<Near> near_of(Statement& rows, std::size_t most) {
  std::vector<Near> near;
  while (near.size() < most && rows.step()) {
    const auto product = rows.optional_real(1);
    near.push_back(
        {.picture = rows.integer(0), .product = static_cast<float>(product.value_or(0))});
  }
  return near;
}

// Held by whoever makes a graph: two at once on one table would wait for each other.
class GraphLock {
 public:
  explicit GraphLock(Database& database)
      : database_(database),
        key_(std::to_string(kApplicationId * (std::int64_t{1} << 32))),
        is_held_(database.number("SELECT pg_try_advisory_lock(" + key_ + ")") != 0) {}
  ~GraphLock() {
    if (!is_held_) return;
    try {
      database_.execute("SELECT pg_advisory_unlock(" + key_ +
                        "); SET lock_timeout = 60000; RESET maintenance_work_mem");
    } catch (...) {  // it ends with the connection
    }
  }
  GraphLock(const GraphLock&) = delete;
  GraphLock& operator=(const GraphLock&) = delete;

  [[nodiscard]] bool is_held() const { return is_held_; }

 private:
  Database& database_;
  std::string key_;
  bool is_held_;
};

}  // namespace

ServerVectors::ServerVectors(LibraryIndex& index, IndexedModel model)
    : index_(&index), model_(std::move(model)) {}

std::size_t ServerVectors::size() const {
  return index_->count_vectors(model_, kAllGenerations);
}

bool ServerVectors::has_graph() const {
  Statement row(index_->database(),
                "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE "
                "c.relnamespace = 'blip'::regnamespace AND c.relname = ? AND i.indisvalid");
  row.bind_text(1, graph_name(model_));
  return row.step() && row.integer(0) > 0;
}

std::vector<Near> ServerVectors::near_by_graph(std::span<const float> query,
                                               std::size_t count) const {
  {
    Statement in_sight(index_->database(), "SELECT set_config('hnsw.ef_search', ?, false)");
    in_sight.bind_text(1, std::to_string(std::clamp(2 * count, kLeastInSight, kMostByGraph))).run();
  }
  Statement rows(index_->database(),
                 "SELECT picture, -(vector <#> ?1) FROM embeddings WHERE model = " +
                     std::to_string(model_.id) + " ORDER BY " + graph_key(model_) +
                     " <#> ?1 LIMIT ?2");
  const std::size_t most = std::min(2 * count, kMostByGraph);
  rows.bind_vector(1, query).bind(2, static_cast<std::int64_t>(most));
  return near_of(rows, most);
}

std::vector<std::int64_t> ServerVectors::admitted(const Admits& admits) const {
  std::vector<std::int64_t> pictures = index_->pictures_with(model_);
  std::erase_if(pictures, [&](std::int64_t id) { return !admits(id); });
  return pictures;
}

std::vector<Near> ServerVectors::near_of_all(std::span<const float> query, std::size_t count,
                                             const Admits& admits) const {
  // Without the cast of graph_key, the graph is of no use to it. A list by itself is read once; as
  // an array it would be read for every row.
  Statement rows(index_->database(),
                 std::string("SELECT picture, -(vector <#> ?1) FROM embeddings WHERE model = ?2") +
                     (admits ? " AND picture IN (SELECT unnest(CAST(?4 AS bigint[])))" : "") +
                     " ORDER BY vector <#> ?1, picture LIMIT ?3");
  rows.bind_vector(1, query).bind(2, model_.id);
  rows.bind(3, static_cast<std::int64_t>(count + kMostTies));
  if (admits) rows.bind_text(4, array_of(admitted(admits)));
  return near_of(rows, count + kMostTies);
}

std::vector<Near> ServerVectors::nearest(std::span<const float> query, std::size_t count,
                                         bool approximate, const Admits& admits) const {
  if (count == 0) return {};
  const bool by_graph = approximate && !admits && count <= kMostByGraph && has_graph();
  std::vector<Near> found =
      by_graph ? near_by_graph(query, count) : near_of_all(query, count, admits);
  // Whatever is as near as the last one, or might be by the order of a sum.
  if (found.size() > count) {
    double squares = 0;
    for (const float value : query) squares += double{value} * double{value};
    const double least = found[count - 1].product - kSumTolerance * std::sqrt(squares);
    std::erase_if(found, [&](const Near& near) { return near.product < least; });
  }
  std::vector<std::int64_t> pictures;
  pictures.reserve(found.size());
  for (const Near& near : found) pictures.push_back(near.picture);
  const auto exact = products(pictures, query);
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i].product = exact[i].value_or(std::nanf(""));
  }
  keep_nearest(found, count);
  return found;
}

std::vector<float> ServerVectors::vector(std::int64_t picture) const {
  Statement row(index_->database(),
                "SELECT vector FROM embeddings WHERE picture = ? AND model = ?");
  row.bind(1, picture).bind(2, model_.id);
  if (!row.step()) return {};
  std::vector<float> values(static_cast<std::size_t>(model_.dims));
  row.read_vector(0, values);
  return values;
}

std::vector<std::optional<float>> ServerVectors::products(std::span<const std::int64_t> pictures,
                                                          std::span<const float> query) const {
  Statement rows(index_->database(),
                 "SELECT picture, vector FROM embeddings WHERE model = ? AND picture IN (SELECT "
                 "unnest(CAST(? AS bigint[])))");
  rows.bind(1, model_.id).bind_text(2, array_of(pictures));
  std::unordered_map<std::int64_t, float> by_picture;
  std::vector<float> vector(static_cast<std::size_t>(model_.dims));
  while (rows.step()) {
    rows.read_vector(1, vector);
    const float product = inner_product(vector.data(), query.data(), query.size());
    if (std::isfinite(product)) by_picture.emplace(rows.integer(0), product);
  }
  std::vector<std::optional<float>> products;
  products.reserve(pictures.size());
  for (const std::int64_t picture : pictures) {
    const auto found = by_picture.find(picture);
    products.push_back(found == by_picture.end() ? std::nullopt : std::optional(found->second));
  }
  return products;
}

Moments ServerVectors::moments(std::span<const float> query) const {
  Statement row(index_->database(),
                "SELECT avg(-(vector <#> ?1)), stddev_pop(-(vector <#> ?1)) FROM embeddings WHERE "
                "model = ?2");
  row.bind_vector(1, query).bind(2, model_.id);
  if (!row.step()) return {};
  return {.mean = row.optional_real(0).value_or(0.0),
          .deviation = row.optional_real(1).value_or(0.0)};
}

void refresh_vector_graph(LibraryIndex& index, const IndexedModel& model, std::size_t least_rows) {
  Database& database = index.database();
  if (!index.removed_vectors(model, kAllGenerations).empty()) {
    Transaction transaction = index.transaction();
    index.put_vector_file(model, index.vector_state(model).generation, "");
    transaction.commit();
  }
  const ServerVectors vectors(index, model);
  if (model.dims > kMostGraphDims || vectors.has_graph() || vectors.size() < least_rows) return;
  const GraphLock lock(database);
  if (!lock.is_held() || vectors.has_graph()) return;
  // Of one whose maker was killed, a part is left that is of no use. Making it waits for all that
  // is being written or read, however long. With less memory than it needs, it takes much longer;
  // what servers have by default is enough for 50,000 vectors.
  database.execute(
      "SET lock_timeout = 0; SELECT set_config('maintenance_work_mem', '256MB', false) WHERE "
      "pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')");
  database.execute("DROP INDEX CONCURRENTLY IF EXISTS blip." + graph_name(model));
  database.execute("CREATE INDEX CONCURRENTLY " + graph_name(model) +
                   " ON blip.embeddings USING hnsw (" + graph_key(model) + " vector_ip_ops) " +
                   std::string(kGraphQuality) + " WHERE model = " + std::to_string(model.id));
}

}  // namespace blip::search
