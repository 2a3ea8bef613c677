// XMP packets: our words in, all else as it was, and nothing that brings the toolkit down.
#include "metadata/xmp_packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blip/error.hpp"

namespace blip::metadata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const PictureText kText{
    .description = "a cat & a <dog>", .subjects = {"cat", "red, white"}, .alt = "A cat."};

// As Lightroom and digiKam leave them: a history, regions, a namespace of nobody's.
constexpr const char* kOthers = R"(<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:own="http://example.org/own/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" xmp:Rating="4">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Rom</rdf:li>
     <rdf:li xml:lang="de-DE">Rom</rdf:li></rdf:Alt></dc:description>
   <dc:subject><rdf:Bag><rdf:li>Urlaub</rdf:li><rdf:li>Cat</rdf:li></rdf:Bag></dc:subject>
   <xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:when="2024-01-02"/></rdf:Seq>
   </xmpMM:History>
   <own:deep rdf:parseType="Resource"><own:list><rdf:Bag><rdf:li>a; b</rdf:li></rdf:Bag></own:list>
     <own:number>7</own:number></own:deep>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>)";

std::string cause(const std::string& packet) {
  try {
    (void)text_of_xmp(packet);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}

TEST(XmpPacket, ANewOneSaysWhatIsPutIntoIt) {
  for (const XmpForm form : {XmpForm::embedded, XmpForm::sidecar}) {
    const std::string packet = with_text("", kText, {}, form);
    EXPECT_EQ(text_of_xmp(packet), kText);
    EXPECT_THAT(packet, HasSubstr("<rdf:li xml:lang=\"x-default\">a cat &amp; a &lt;dog&gt;"));
    EXPECT_THAT(packet, HasSubstr("<rdf:li xml:lang=\"en\">A cat.</rdf:li>"));
    EXPECT_THAT(packet, HasSubstr("<Iptc4xmpCore:AltTextAccessibility>"));
  }
  EXPECT_THAT(with_text("", kText, {}, XmpForm::embedded), HasSubstr("<?xpacket begin="));
  EXPECT_THAT(with_text("", kText, {}, XmpForm::sidecar), Not(HasSubstr("<?xpacket")));
}

TEST(XmpPacket, WhatOthersWroteStays) {
  const std::string packet = with_text(kOthers, kText, {}, XmpForm::embedded);
  const PictureText text = text_of_xmp(packet);
  EXPECT_EQ(text.description, "Rom");
  EXPECT_THAT(text.subjects, ElementsAre("Urlaub", "Cat"));
  EXPECT_EQ(text.alt, "A cat.");
  for (const char* kept :
       {"xmp:Rating=\"4\"", "de-DE", "stEvt:action=\"saved\"", "stEvt:when=\"2024-01-02\"",
        "http://example.org/own/1.0/", "a; b", "own:number"}) {
    EXPECT_THAT(packet, HasSubstr(kept));
  }
}

TEST(XmpPacket, WordsAreAppendedOnce) {
  const MergeOptions append{.existing = Existing::append, .separator = " | "};
  const std::string once = with_text(kOthers, kText, append, XmpForm::sidecar);
  const PictureText text = text_of_xmp(once);
  EXPECT_EQ(text.description, "Rom | a cat & a <dog>");
  EXPECT_THAT(text.subjects, ElementsAre("Urlaub", "Cat", "red, white"));
  EXPECT_THAT(once, HasSubstr("<rdf:li xml:lang=\"de-DE\">Rom</rdf:li>"));
  EXPECT_THAT(once, HasSubstr("<rdf:li xml:lang=\"en\">a cat"));
  EXPECT_EQ(with_text(once, kText, append, XmpForm::sidecar), once);
}

TEST(XmpPacket, ReplacingTakesAllLanguages) {
  const MergeOptions replace{.existing = Existing::replace, .language = "fr"};
  const std::string packet = with_text(kOthers, kText, replace, XmpForm::sidecar);
  EXPECT_EQ(text_of_xmp(packet), kText);
  EXPECT_THAT(packet, Not(HasSubstr("de-DE")));
  EXPECT_THAT(packet, HasSubstr("xml:lang=\"fr\""));
  EXPECT_THAT(packet, HasSubstr("xmp:Rating=\"4\""));
}

TEST(XmpPacket, EmptyFieldsChangeNothing) {
  const MergeOptions replace{.existing = Existing::replace};
  const PictureText text = text_of_xmp(with_text(kOthers, {.alt = "x"}, replace, XmpForm::sidecar));
  EXPECT_EQ(text.description, "Rom");
  EXPECT_EQ(text.alt, "x");
}

TEST(XmpPacket, WhatCannotBeReadIsNotWrittenOver) {
  for (const char* packet : {"no XML", "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF",
                             "<a><b></a></b>", "{\"json\": 1}"}) {
    EXPECT_THAT(cause(packet), HasSubstr("its XMP cannot be read")) << packet;
    EXPECT_THROW((void)with_text(packet, kText, {}, XmpForm::sidecar), Error) << packet;
  }
  EXPECT_EQ(text_of_xmp(" \n"), PictureText()) << "as touch makes it";
}

TEST(XmpPacket, HostileOnesDoNotReachTheToolkit) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_THAT(cause(deep), HasSubstr("more than 200 deep"));
  EXPECT_THAT(cause("<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"), HasSubstr("document type"));
  EXPECT_THAT(cause(std::string("<\0x\0", 4)), HasSubstr("not UTF-8"));
  EXPECT_THAT(cause(std::string(kMaxXmpBytes + 1, ' ')), HasSubstr("more than 16777216"));
  std::string wide = "<a";
  for (int i = 0; i < 2001; ++i) wide += " a" + std::to_string(i) + "='\"'";
  EXPECT_THAT(cause(wide + "/>"), HasSubstr("more than 2000 attributes"));
  // Tags within comments and quotes do not count.
  std::string harmless = "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:y='>'>";
  for (int i = 0; i < 500; ++i) harmless += "<!-- <a> --><?b <c> ?>";
  EXPECT_EQ(cause(harmless + "</x:xmpmeta>"), "");
}

}  // namespace
}  // namespace blip::metadata
