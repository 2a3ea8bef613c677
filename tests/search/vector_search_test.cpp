// The file of vectors beside an index: it finds what comparing all vectors finds, whatever has
// changed since it was written, and whatever is wrong with it.
#include "search/vector_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "blip/error.hpp"
#include "search/coarse_lists.hpp"
#include "search/inner_product.hpp"
#include "search/vector_file_writer.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::search {
namespace {

constexpr int kDims = 40;
constexpr std::size_t kSize = kDims;
constexpr VectorFileRules kRules{.least_rows = 100, .least_listed_rows = 1000};

std::vector<float> unit_vector(std::mt19937& random, std::size_t cluster) {
  // Around some centres, as photos are.
  std::mt19937 centre(static_cast<std::uint32_t>(cluster));
  std::normal_distribution<float> normal;
  std::normal_distribution<float> noise(0.0F, 0.7F);  // each keeps a number of its generator
  std::vector<float> vector(kSize);
  double squares = 0;
  for (float& value : vector) {
    value = normal(centre) + noise(random);
    squares += double{value} * value;
  }
  for (float& value : vector) value /= static_cast<float>(std::sqrt(squares));
  return vector;
}

// By comparing with all that SQLite has.
std::vector<Near> nearest_of_all(LibraryIndex& index, const IndexedModel& model,
                                 const std::vector<float>& query, std::size_t count,
                                 const Admits& admits = {}) {
  std::vector<Near> found;
  index.for_vectors(model, kAllGenerations,
                    [&](std::int64_t picture, std::span<const float> vector) {
                      if (admits && !admits(picture)) return;
                      found.push_back({picture, inner_product(vector.data(), query.data(), kSize)});
                    });
  keep_nearest(found, count);
  return found;
}

void expect_same(const std::vector<Near>& found, const std::vector<Near>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].picture, expected[i].picture);
    EXPECT_EQ(found[i].product, expected[i].product) << "to the bit";
  }
}

void expect_exact_search(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
                         std::mt19937& random) {
  const VectorSearch search(index, model);
  EXPECT_EQ(search.size(), index.count_vectors(model, kAllGenerations));
  for (const std::size_t count : {1U, 10U, 500U}) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<float> query = unit_vector(random, i);
      expect_same(search.nearest(query, count, 0, {}, threads),
                  nearest_of_all(index, model, query, count));
    }
  }
}

class VectorSearchTest : public ::testing::Test {
 protected:
  void add(std::size_t count) {
    Transaction transaction = index_.transaction();
    for (std::size_t i = 0; i < count; ++i) put("/" + std::to_string(next_++) + ".jpg");
    transaction.commit();
  }
  std::int64_t put(const std::string& path) {
    const auto id = index_.put_picture(path, {.size = 1, .mtime = 1}, {.hash = path});
    index_.put_vector(id, model_, unit_vector(random_, next_ % 20));
    return id;
  }
  void write_file() { write_vector_file(index_, model_, threads_, kRules); }
  [[nodiscard]] std::filesystem::path file() const {
    return vector_file_path(directory_.path() / "library.db", model_.id);
  }

  [[nodiscard]] std::vector<Near> all(const std::vector<float>& query, std::size_t count,
                                      const Admits& admits = {}) {
    return nearest_of_all(index_, model_, query, count, admits);
  }
  void expect_exact() { expect_exact_search(index_, model_, threads_, random_); }

  TemporaryDirectory directory_;
  LibraryIndex index_{directory_.path() / "library.db", Access::write};
  IndexedModel model_ = index_.put_model("m", kDims);
  ThreadPool threads_{3};
  std::mt19937 random_{7};
  std::size_t next_ = 0;
};

TEST_F(VectorSearchTest, WithoutAFileSqliteIsSearched) {
  add(50);
  write_file();
  EXPECT_FALSE(std::filesystem::exists(file())) << "of so few there is none";
  expect_exact();
}

TEST_F(VectorSearchTest, TheFileFindsWhatComparingAllFinds) {
  add(300);
  write_file();
  ASSERT_TRUE(std::filesystem::exists(file()));
  EXPECT_FALSE(VectorSearch(index_, model_).has_lists());
  expect_exact();
  add(5000);
  write_file();
  EXPECT_TRUE(VectorSearch(index_, model_).has_lists());
  expect_exact();
}

// An older index, from a backup or after a power failure, comes to the file's generation by other
// changes.
TEST_F(VectorSearchTest, AFileOfAnotherPastIsNotUsed) {
  add(300);
  const std::filesystem::path index = directory_.path() / "library.db";
  const std::filesystem::path backup = directory_.path() / "backup";
  {
    Transaction transaction = index_.transaction();
    transaction.commit();
  }
  {
    Database database(index, Access::write);
    database.execute("VACUUM INTO '" + backup.string() + "'");
  }
  add(200);
  write_file();
  ASSERT_TRUE(std::filesystem::exists(file()));
  for (const char* ending : {"-wal", "-shm"}) std::filesystem::remove(index.string() + ending);
  std::filesystem::rename(backup, index);
  LibraryIndex restored(index, Access::write);
  Transaction transaction = restored.transaction();
  for (std::int64_t id = 1; id <= 300; ++id) {
    restored.put_vector(id, model_, unit_vector(random_, 100 + static_cast<std::size_t>(id)));
  }
  transaction.commit();
  ASSERT_GE(restored.vector_state(model_).generation, VectorFile(file()).header().generation);
  expect_exact_search(restored, model_, threads_, random_);
}

TEST_F(VectorSearchTest, ChangesSinceItWasWrittenCount) {
  add(2000);
  write_file();
  add(30);  // new ones
  Transaction transaction = index_.transaction();
  for (std::int64_t id = 5; id < 60; ++id) index_.remove_picture(id);  // removed ones
  for (int i = 100; i < 120; ++i) {                                    // others of the same name
    const auto path = "/" + std::to_string(i) + ".jpg";
    const auto id = index_.put_picture(path, {.size = 2, .mtime = 1}, {.hash = "new" + path});
    index_.put_vector(id, model_, unit_vector(random_, 3));
  }
  ASSERT_TRUE(index_.copy_picture(200, "/copy.jpg", {.size = 1, .mtime = 1}));
  transaction.commit();
  expect_exact();
  EXPECT_TRUE(has_fresh_vector_file(index_, model_, kRules)) << "few are missing";
  write_file();
  expect_exact();
  EXPECT_TRUE(index_.removed_vectors(model_, 0).empty()) << "forgotten";
}

TEST_F(VectorSearchTest, NumbersOfRemovedPicturesThatAreUsedAgain) {
  add(200);
  write_file();
  Transaction transaction = index_.transaction();
  index_.remove_picture(200);
  EXPECT_EQ(put("/again.jpg"), 200);
  transaction.commit();
  expect_exact();
}

TEST_F(VectorSearchTest, AFilterLeavesTheNearestOfTheRest) {
  add(3000);
  write_file();
  const VectorSearch search(index_, model_);
  const Admits few = [](std::int64_t picture) { return picture % 400 == 1; };
  const Admits many = [](std::int64_t picture) { return picture % 3 != 1; };
  for (const Admits& admits : {few, many}) {
    const std::vector<float> query = unit_vector(random_, 4);
    expect_same(search.nearest(query, 10, 0, admits, threads_), all(query, 10, admits));
  }
}

TEST_F(VectorSearchTest, ListsFindNearlyAllOfTheNearest) {
  add(5000);
  write_file();
  const VectorSearch search(index_, model_);
  std::size_t found = 0;
  constexpr std::size_t kQueries = 50;
  constexpr std::size_t kCount = 10;
  for (std::size_t i = 0; i < kQueries; ++i) {
    const std::vector<float> query = unit_vector(random_, i % 20);
    const auto exact = all(query, kCount);
    const auto near = search.nearest(query, kCount, 20, {}, threads_);
    ASSERT_GE(near.size(), kCount);
    for (const Near& each : exact) {
      found += std::any_of(near.begin(), near.end(),
                           [&](const Near& other) { return other.picture == each.picture; });
    }
    expect_same(search.nearest(query, kCount, 1'000'000, {}, threads_), exact);
  }
  EXPECT_GE(found, kQueries * kCount * 98 / 100);
  EXPECT_EQ(search.nearest(unit_vector(random_, 1), 4000, 1, {}, threads_).size(), 4000U)
      << "as many lists as that takes";
}

TEST_F(VectorSearchTest, EqualsAreAllKept) {
  add(500);
  Transaction transaction = index_.transaction();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(index_.copy_picture(7, "/copy" + std::to_string(i), {.size = 1, .mtime = 1}));
  }
  transaction.commit();
  write_file();
  std::vector<float> query;
  index_.for_vectors(model_, kAllGenerations, [&](std::int64_t id, std::span<const float> vector) {
    if (id == 7) query.assign(vector.begin(), vector.end());
  });
  const auto found = VectorSearch(index_, model_).nearest(query, 3, 0, {}, threads_);
  EXPECT_EQ(found.size(), 21U);
  EXPECT_EQ(found[0].picture, 7);
}

TEST_F(VectorSearchTest, MomentsAndProductsAreThoseOfAllVectors) {
  add(1500);
  write_file();
  add(40);
  Transaction transaction = index_.transaction();
  index_.remove_picture(3);
  transaction.commit();
  const VectorSearch search(index_, model_);
  const std::vector<float> query = unit_vector(random_, 2);
  double sum = 0;
  double squares = 0;
  std::size_t count = 0;
  index_.for_vectors(model_, kAllGenerations, [&](std::int64_t id, std::span<const float> vector) {
    const double product = inner_product(vector.data(), query.data(), kSize);
    EXPECT_EQ(search.product(id, query), static_cast<float>(product));
    sum += product;
    squares += product * product;
    ++count;
  });
  const double mean = sum / static_cast<double>(count);
  const Moments moments = search.moments(query, threads_);
  EXPECT_NEAR(moments.mean, mean, 1e-9);
  EXPECT_NEAR(moments.deviation, std::sqrt(squares / static_cast<double>(count) - mean * mean),
              1e-9);
  EXPECT_FALSE(search.product(3, query)) << "it is removed";
  EXPECT_FALSE(search.product(123456, query));
}

// Whatever is wrong with the file, what is found is right.
TEST_F(VectorSearchTest, AnotherFileIsNotUsed) {
  add(2000);
  write_file();
  std::string bytes;
  {
    std::ifstream stream(file(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
  }
  const auto put_file = [&](const std::string& content) {
    std::filesystem::remove(file());
    std::ofstream(file(), std::ios::binary) << content;
  };
  for (const std::size_t at : {0U, 8U, 12U, 20U, 48U, 56U, 64U, 72U, 76U, 128U}) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] + 97);
    put_file(changed);
    EXPECT_FALSE(open_vector_file(index_, model_)) << at;
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, bytes.size() - 1}) {
    put_file(bytes.substr(0, size));
    EXPECT_FALSE(open_vector_file(index_, model_)) << size;
    expect_exact();
  }
  put_file(bytes);
  EXPECT_TRUE(open_vector_file(index_, model_));
}

TEST_F(VectorSearchTest, AFileFromBeforeWhatIsForgottenIsNotUsed) {
  add(2000);
  write_file();
  std::filesystem::copy(file(), directory_.path() / "old");
  Transaction transaction = index_.transaction();
  index_.remove_picture(9);
  transaction.commit();
  write_file();
  std::filesystem::rename(directory_.path() / "old", file());
  EXPECT_FALSE(open_vector_file(index_, model_));
  EXPECT_FALSE(has_fresh_vector_file(index_, model_, kRules));
  expect_exact();
  write_file();
  EXPECT_TRUE(open_vector_file(index_, model_));
}

TEST_F(VectorSearchTest, HostileNumbersLeadNowhere) {
  add(1200);
  write_file();
  std::fstream stream(file(), std::ios::binary | std::ios::in | std::ios::out);
  VectorFileHeader header;
  stream.read(reinterpret_cast<char*>(&header), sizeof header);
  const VectorFileLayout layout = layout_of(header);
  std::mt19937 random(1);
  stream.seekp(static_cast<std::streamoff>(layout.pictures));
  for (std::uint64_t at = layout.pictures; at < layout.size; ++at) {
    stream.put(static_cast<char>(random()));
  }
  stream.close();
  const VectorSearch search(index_, model_);
  const std::vector<float> query = unit_vector(random_, 1);
  for (const Near& near : search.nearest(query, 100, 0, {}, threads_)) {
    EXPECT_TRUE(std::isfinite(near.product));
  }
  (void)search.nearest(query, 10, 3, {}, threads_);
  (void)search.product(7, query);
  (void)search.moments(query, threads_);
}

TEST_F(VectorSearchTest, AFileThatCannotBeWrittenIsSaidAndNothingElseFails) {
  add(2000);
  std::filesystem::create_directory(vector_file_path(index_.file(), model_.id));
  const auto errors = refresh_vector_files(index_, threads_, kRules);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], ::testing::HasSubstr("Is a directory"));
  const VectorSearch search(index_, model_);
  EXPECT_EQ(search.nearest(unit_vector(random_, 1), 10, 0, {}, threads_).size(), 10U);
}

TEST_F(VectorSearchTest, ThreadsChangeNothing) {
  add(4000);
  write_file();
  const VectorSearch search(index_, model_);
  ThreadPool one(1);
  const std::vector<float> query = unit_vector(random_, 1);
  expect_same(search.nearest(query, 50, 5, {}, threads_), search.nearest(query, 50, 5, {}, one));
  EXPECT_EQ(search.moments(query, threads_).mean, search.moments(query, one).mean);
}

// Changes vectors and writes the file, on and on.
[[noreturn]] void change_and_write(const std::filesystem::path& file, int round) {
  LibraryIndex index(file, Access::write);
  const IndexedModel model = index.models(Finding::vectors).at(0);
  std::mt19937 random(static_cast<std::uint32_t>(round));
  ThreadPool threads(1);
  for (std::size_t i = 0;; ++i) {
    Transaction transaction = index.transaction();
    const std::string path = "/" + std::to_string(round) + "-" + std::to_string(i);
    const auto id = index.put_picture(path, {.size = 1, .mtime = 1}, {.hash = path});
    index.put_vector(id, model, unit_vector(random, i % 20));
    if (i > 5) index.remove_picture(static_cast<std::int64_t>(1 + random() % 1000));
    transaction.commit();
    write_vector_file(index, model, threads, kRules);
  }
}

// A process is killed while it does that; BLIP_KILLS: how often. Nothing of SQLite is open here
// when it is made, as SQLite demands.
TEST(VectorFile, SurvivesItsWriterBeingKilled) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "library.db";
  std::mt19937 random(1);
  {
    LibraryIndex index(file, Access::write);
    const IndexedModel model = index.put_model("m", kDims);
    Transaction transaction = index.transaction();
    for (std::size_t i = 0; i < 1500; ++i) {
      const std::string path = "/" + std::to_string(i);
      const auto id = index.put_picture(path, {.size = 1, .mtime = 1}, {.hash = path});
      index.put_vector(id, model, unit_vector(random, i % 20));
    }
    transaction.commit();
  }
  const char* often = std::getenv("BLIP_KILLS");
  const int kills = often != nullptr ? std::atoi(often) : 15;
  for (int round = 0; round < kills; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) change_and_write(file, round);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it was still at work";
    LibraryIndex index(file, Access::write);
    index.check_integrity();
    ThreadPool threads(2);
    expect_exact_search(index, index.models(Finding::vectors).at(0), threads, random);
  }
  LibraryIndex index(file, Access::write);
  const IndexedModel model = index.models(Finding::vectors).at(0);
  ThreadPool threads(2);
  write_vector_file(index, model, threads, kRules);
  EXPECT_TRUE(open_vector_file(index, model));
  for (const auto& each : std::filesystem::directory_iterator(directory.path())) {
    EXPECT_EQ(each.path().filename().string().find("partial-"), std::string::npos)
        << "what was left is gone";
  }
}

TEST(CodedQuery, ProductsAreWithinTheirBounds) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const std::size_t dims : {1U, 2U, 63U, 64U, 65U, 256U, 16'384U}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<float> a(dims);
      std::vector<float> b(dims);
      for (float& value : a) value = normal(random) * (round % 3 == 0 ? 100.0F : 0.01F);
      for (float& value : b) value = round == 1 ? 1.0F : normal(random);
      std::vector<std::int8_t> code(code_size(dims));
      const CodeScale scale = encode_vector(b, code);
      const CodedQuery query(a);
      std::int32_t product = 0;
      query.products(code.data(), 1, &product);
      const float length = 1.0001F * std::sqrt(inner_product(b.data(), b.data(), dims));
      EXPECT_LE(std::abs(query.value_of(product, scale) - inner_product(a.data(), b.data(), dims)),
                query.bound_of(scale, length))
          << dims;
    }
  }
}

}  // namespace
}  // namespace blip::search
