// What two processes that index at once do to each other's rows.
#include "app/library/index_plan.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/core/temporary_directory.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

TEST(IndexPlan, WhatAnotherProcessHasMovedIsNotGone) {
  const TemporaryDirectory directory;
  const fs::path folder = directory.path() / "photos";
  fs::create_directory(folder);
  const fs::path there = folder / "new.jpg";
  fs::copy_file(fs::path(BLIP_PHOTOS) / "cat.jpg", there);
  const fs::path file = directory.path() / "library.db";
  search::LibraryIndex index(file, search::Access::write);
  std::int64_t id = 0;
  {
    search::Transaction transaction = index.transaction();
    search::PictureFacts facts;
    facts.hash = std::string(64, 'a');
    id = index.put_picture((folder / "old.jpg").string(), {.size = 1, .mtime = 1}, facts);
    transaction.commit();
  }
  bool is_moved = false;
  const auto move_it = [&](std::size_t) {
    if (is_moved) return;
    is_moved = true;
    search::LibraryIndex other(file, search::Access::write);
    search::Transaction transaction = other.transaction();
    other.move_picture(id, "/elsewhere/old.jpg", {.size = 1, .mtime = 1});
    transaction.commit();
  };
  const IndexPlan plan = plan_index(
      index, {{.path = there}},
      {.model = "m", .captions = {}, .folders = {{.path = folder.string(), .deep = true}}},
      move_it);
  EXPECT_TRUE(is_moved);
  EXPECT_EQ(plan.gone, 0U);
  const auto kept = index.picture(id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->path, "/elsewhere/old.jpg");
}

}  // namespace
}  // namespace blip::app
