// The wallet and the verifier as a library for Android. mobile/android/build runs it, with the generated bindings and the four libraries in the
// folder of the property symbolon.output; nothing is written beside the sources.

import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    id("com.android.library") version "8.13.2"
    id("org.jetbrains.kotlin.android") version "2.4.21"
    id("maven-publish")
}

val output = file(providers.gradleProperty("symbolon.output").get())

group = "symbolon"
version = providers.gradleProperty("symbolon.version").get()
layout.buildDirectory = output.resolve("gradle")

android {
    namespace = "symbolon.mobile.android"
    // The level of the classes that the project's own checks compile these sources against.
    compileSdk = 35

    defaultConfig {
        // Android 9: StrongBox, and relative relocations in Android's form of RELR.
        minSdk = 28
        consumerProguardFiles("consumer-rules.pro")
    }

    sourceSets["main"].apply {
        kotlin.srcDir(output.resolve("kotlin"))
        jniLibs.srcDir(output.resolve("libraries"))
    }

    // The libraries come without names already; stripping again would need the NDK here.
    packaging.jniLibs.keepDebugSymbols += "**/libsymbolon_mobile.so"

    // The generated bindings ask at run time whether Java's cleaner (Android 13) is there, which lint takes for a call of it.
    lint.disable += "NewApi"

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_17
    }
}

dependencies {
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.11.0")
    // As an archive for Android: JNA's own library for each architecture, aligned to 16 kB pages.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "symbolon-android"
            afterEvaluate {
                from(components["release"])
            }
        }
    }
    repositories {
        maven {
            name = "output"
            url = uri(output.resolve("maven"))
        }
    }
}
