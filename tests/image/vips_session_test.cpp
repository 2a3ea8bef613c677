// What a program that uses libvips itself finds of its settings after our calls. libvips starts
// once in a process, so each test runs in one of its own.
#include "image/vips_session.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "fixtures.hpp"
#include "image/jpeg_writer.hpp"

namespace blip {
namespace {

// GoogleTest starts the program anew for each.
class VipsSessionDeathTest : public testing::Test {
 protected:
  VipsSessionDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void end(bool good) {
  std::exit(good ? 0 : 1);
}

// Good and damaged files of every format, one of which libvips warns about.
void use_images() {
  for (const char* name : {"exif_6_jpeg", "exif_6_png", "exif_3_webp", "gif_transparent_19x13",
                           "tiff_cmyk_tiff_lzw_19x13"}) {
    auto bytes = bytes_of(fixture_file(name));
    const Image image = Image::decode(bytes);
    static_cast<void>(image::jpeg_bytes(image, 80));
    bytes.resize(bytes.size() / 2);
    try {
      static_cast<void>(Image::decode(bytes));
    } catch (const Error&) {
      continue;  // as it should be
    }
    end(false);
  }
}

int host_messages = 0;

void count_message(const gchar*, GLogLevelFlags, const gchar*, gpointer) {
  ++host_messages;
}

void warn_as_vips() {
  g_log("VIPS", G_LOG_LEVEL_WARNING, "a warning for the program");
}

// Other libraries find the damage of these.
TEST_F(VipsSessionDeathTest, DamagedFilesAreRefusedWithoutIt) {
  const auto refuse = [] {
    int refused = 0;
    for (const char* name : {"exif_6_avif", "tiff_rgb_tiles_8_19x13",
                             "tiff_ycbcr_deflate_2x2_19x13", "bmp_rle8__top_down_false_19x13"}) {
      auto bytes = bytes_of(fixture_file(name));
      bytes.resize(bytes.size() / 2);
      try {
        static_cast<void>(Image::decode(bytes));
      } catch (const Error& error) {
        refused += error.code() == ErrorCode::malformed ? 1 : 0;
      }
    }
    end(refused == 4);
  };
  EXPECT_EXIT(refuse(), testing::ExitedWithCode(0), "");
}

TEST_F(VipsSessionDeathTest, LeavesTheSettingsOfAProgramThatStartedLibvips) {
  const auto host = [] {
    if (vips_init("host") != 0) end(false);
    vips_cache_set_max(37);
    vips_cache_set_max_mem(std::size_t{3} << 20);
    vips_concurrency_set(3);
    const guint handler = g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, count_message, nullptr);
    warn_as_vips();
    use_images();
    const bool heard_nothing = host_messages == 1;
    warn_as_vips();
    const bool hears_again = host_messages == 2;
    // No loader is blocked: PPM is among those that libvips calls untrusted.
    const std::string ppm = "P6 1 1 255\nabc";
    VipsImage* image = vips_image_new_from_buffer(ppm.data(), ppm.size(), "", nullptr);
    const bool has_loader = vips_type_find("VipsOperation", "ppmload_buffer") != 0;
    const bool loads = image != nullptr || !has_loader;
    if (image != nullptr) g_object_unref(image);
    g_log_remove_handler("VIPS", handler);
    end(heard_nothing && hears_again && loads && vips_cache_get_max() == 37 &&
        vips_cache_get_max_mem() == std::size_t{3} << 20 && vips_concurrency_get() == 3);
  };
  EXPECT_EXIT(host(), testing::ExitedWithCode(0), "");
}

TEST_F(VipsSessionDeathTest, LeavesTheSettingsMadeAfterItStartedLibvips) {
  const auto host = [] {
    use_images();
    if (vips_cache_get_max() != 0 || vips_concurrency_get() != 1) end(false);
    vips_cache_set_max(37);
    vips_concurrency_set(3);
    use_images();
    end(vips_cache_get_max() == 37 && vips_concurrency_get() == 3);
  };
  EXPECT_EXIT(host(), testing::ExitedWithCode(0), "");
}

// An empty expression: nothing was printed on standard error, where GLib writes warnings.
TEST_F(VipsSessionDeathTest, PrintsNothing) {
  const auto host = [] {
    use_images();
    end(true);
  };
  EXPECT_EXIT(host(), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace blip
