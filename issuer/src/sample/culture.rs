//! Names and places. Each entry is the English transliteration and the name in its own script.

use super::dice::Dice;

/// English, own script.
pub(super) type Pair = (&'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sex {
    Female,
    Male,
}

/// A language community of the sample country.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Culture {
    French,
    Arabic,
    Hindi,
}

impl Culture {
    pub(super) fn any(dice: &mut Dice) -> Self {
        dice.pick(&[Self::French, Self::Arabic, Self::Hindi])
    }

    /// ISO 639-3.
    pub(super) fn language(self) -> &'static str {
        match self {
            Self::French => "fra",
            Self::Arabic => "ara",
            Self::Hindi => "hin",
        }
    }

    pub(super) fn given_name(self, sex: Sex, dice: &mut Dice) -> Pair {
        match (self, sex) {
            (Self::French, Sex::Female) => dice.pick(&FRENCH_WOMEN),
            (Self::French, Sex::Male) => dice.pick(&FRENCH_MEN),
            (Self::Arabic, Sex::Female) => dice.pick(&ARABIC_WOMEN),
            (Self::Arabic, Sex::Male) => dice.pick(&ARABIC_MEN),
            (Self::Hindi, Sex::Female) => dice.pick(&HINDI_WOMEN),
            (Self::Hindi, Sex::Male) => dice.pick(&HINDI_MEN),
        }
    }

    pub(super) fn family_name(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&FRENCH_FAMILIES),
            Self::Arabic => dice.pick(&ARABIC_FAMILIES),
            Self::Hindi => dice.pick(&HINDI_FAMILIES),
        }
    }

    pub(super) fn place(self, dice: &mut Dice) -> Place {
        match self {
            Self::French => dice.pick(&FRENCH_PLACES),
            Self::Arabic => dice.pick(&ARABIC_PLACES),
            Self::Hindi => dice.pick(&HINDI_PLACES),
        }
    }

    /// House and street.
    pub(super) fn street(self, dice: &mut Dice) -> (String, String) {
        let house = dice.between(1, 180);
        let street = match self {
            Self::French => dice.pick(&FRENCH_STREETS),
            Self::Arabic => dice.pick(&ARABIC_STREETS),
            Self::Hindi => dice.pick(&HINDI_STREETS),
        };
        (format!("{house} {}", street.0), format!("{house} {}", street.1))
    }

    pub(super) fn quarter(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&FRENCH_QUARTERS),
            Self::Arabic => dice.pick(&ARABIC_QUARTERS),
            Self::Hindi => dice.pick(&HINDI_QUARTERS),
        }
    }

    /// Floor or entrance.
    pub(super) fn door(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&[
                ("Ground floor", "Rez-de-chaussée"),
                ("First floor", "Premier étage"),
                ("Staircase B", "Escalier B"),
            ]),
            Self::Arabic => dice.pick(&[
                ("Ground floor", "الطابق الأرضي"),
                ("First floor", "الطابق الأول"),
                ("Rear entrance", "المدخل الخلفي"),
            ]),
            Self::Hindi => dice.pick(&[
                ("Ground floor", "भूतल"),
                ("First floor", "पहली मंज़िल"),
                ("Near the temple", "मंदिर के पास"),
            ]),
        }
    }
}

/// A town and what it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) region: Pair,
    pub(super) province: Pair,
    pub(super) city: Pair,
    pub(super) zone: Pair,
    /// First two digits.
    pub(super) postal_area: u32,
}

const FRENCH_WOMEN: [Pair; 24] = [
    ("Amelie", "Amélie"),
    ("Helene", "Hélène"),
    ("Chloe", "Chloé"),
    ("Zoe", "Zoé"),
    ("Ines", "Inès"),
    ("Lea", "Léa"),
    ("Camille", "Camille"),
    ("Manon", "Manon"),
    ("Juliette", "Juliette"),
    ("Eloise", "Éloïse"),
    ("Margaux", "Margaux"),
    ("Clemence", "Clémence"),
    ("Berenice", "Bérénice"),
    ("Noemie", "Noémie"),
    ("Aurelie", "Aurélie"),
    ("Fatou", "Fatou"),
    ("Aissatou", "Aïssatou"),
    ("Solene", "Solène"),
    ("Mathilde", "Mathilde"),
    ("Genevieve", "Geneviève"),
    ("Francoise", "Françoise"),
    ("Awa", "Awa"),
    ("Oceane", "Océane"),
    ("Therese", "Thérèse"),
];
const FRENCH_MEN: [Pair; 24] = [
    ("Andre", "André"),
    ("Rene", "René"),
    ("Francois", "François"),
    ("Jerome", "Jérôme"),
    ("Mathieu", "Mathieu"),
    ("Theo", "Théo"),
    ("Leo", "Léo"),
    ("Raphael", "Raphaël"),
    ("Michael", "Michaël"),
    ("Benoit", "Benoît"),
    ("Cedric", "Cédric"),
    ("Frederic", "Frédéric"),
    ("Gael", "Gaël"),
    ("Herve", "Hervé"),
    ("Joel", "Joël"),
    ("Loic", "Loïc"),
    ("Mamadou", "Mamadou"),
    ("Moussa", "Moussa"),
    ("Olivier", "Olivier"),
    ("Pascal", "Pascal"),
    ("Remi", "Rémi"),
    ("Sebastien", "Sébastien"),
    ("Ibrahima", "Ibrahima"),
    ("Etienne", "Étienne"),
];
const FRENCH_FAMILIES: [Pair; 24] = [
    ("Dupre", "Dupré"),
    ("Lefevre", "Lefèvre"),
    ("Beranger", "Béranger"),
    ("Chretien", "Chrétien"),
    ("Diallo", "Diallo"),
    ("Ndiaye", "N’Diaye"),
    ("Traore", "Traoré"),
    ("Kone", "Koné"),
    ("Cisse", "Cissé"),
    ("Benard", "Bénard"),
    ("Girard", "Girard"),
    ("Moreau", "Moreau"),
    ("Legare", "Légaré"),
    ("Noel", "Noël"),
    ("Perier", "Périer"),
    ("Sauvage", "Sauvage"),
    ("Tremblay", "Tremblay"),
    ("Vallee", "Vallée"),
    ("Keita", "Keïta"),
    ("Fournier", "Fournier"),
    ("Mercier", "Mercier"),
    ("Celeste", "Céleste"),
    ("Bonnefoy", "Bonnefoy"),
    ("Sangare", "Sangaré"),
];
const ARABIC_WOMEN: [Pair; 24] = [
    ("Amina", "أمينة"),
    ("Fatima", "فاطمة"),
    ("Khadija", "خديجة"),
    ("Mariam", "مريم"),
    ("Salma", "سلمى"),
    ("Layla", "ليلى"),
    ("Nour", "نور"),
    ("Huda", "هدى"),
    ("Zaynab", "زينب"),
    ("Yasmin", "ياسمين"),
    ("Rania", "رانيا"),
    ("Samira", "سميرة"),
    ("Naima", "نعيمة"),
    ("Hanan", "حنان"),
    ("Iman", "إيمان"),
    ("Sara", "سارة"),
    ("Dina", "دينا"),
    ("Asma", "أسماء"),
    ("Latifa", "لطيفة"),
    ("Malika", "مليكة"),
    ("Siham", "سهام"),
    ("Wafa", "وفاء"),
    ("Zahra", "زهرة"),
    ("Jamila", "جميلة"),
];
const ARABIC_MEN: [Pair; 24] = [
    ("Hassan", "حسن"),
    ("Hussein", "حسين"),
    ("Omar", "عمر"),
    ("Ali", "علي"),
    ("Youssef", "يوسف"),
    ("Khalid", "خالد"),
    ("Karim", "كريم"),
    ("Ahmed", "أحمد"),
    ("Mahmoud", "محمود"),
    ("Ibrahim", "إبراهيم"),
    ("Mustafa", "مصطفى"),
    ("Tariq", "طارق"),
    ("Samir", "سمير"),
    ("Rachid", "رشيد"),
    ("Said", "سعيد"),
    ("Bilal", "بلال"),
    ("Jamal", "جمال"),
    ("Nabil", "نبيل"),
    ("Hamza", "حمزة"),
    ("Ismail", "إسماعيل"),
    ("Anas", "أنس"),
    ("Ziad", "زياد"),
    ("Fadi", "فادي"),
    ("Marwan", "مروان"),
];
const ARABIC_FAMILIES: [Pair; 24] = [
    ("El Hassani", "الحسني"),
    ("El Idrissi", "الإدريسي"),
    ("Benali", "بن علي"),
    ("El Fassi", "الفاسي"),
    ("El Amrani", "العمراني"),
    ("Haddad", "حداد"),
    ("Khoury", "خوري"),
    ("El Masri", "المصري"),
    ("Najjar", "نجار"),
    ("Mansour", "منصور"),
    ("El Alaoui", "العلوي"),
    ("Benjelloun", "بنجلون"),
    ("Sabbagh", "صباغ"),
    ("Darwish", "درويش"),
    ("Qasim", "قاسم"),
    ("El Baghdadi", "البغدادي"),
    ("Saleh", "صالح"),
    ("Othman", "عثمان"),
    ("Rahmani", "رحماني"),
    ("Ziani", "زياني"),
    ("El Ouazzani", "الوزاني"),
    ("Taleb", "طالب"),
    ("Chraibi", "الشرايبي"),
    ("Barakat", "بركات"),
];
const HINDI_WOMEN: [Pair; 24] = [
    ("Asha", "आशा"),
    ("Priya", "प्रिया"),
    ("Lakshmi", "लक्ष्मी"),
    ("Sunita", "सुनीता"),
    ("Kavita", "कविता"),
    ("Meena", "मीना"),
    ("Radha", "राधा"),
    ("Sita", "सीता"),
    ("Anjali", "अंजलि"),
    ("Pooja", "पूजा"),
    ("Rekha", "रेखा"),
    ("Savitri", "सावित्री"),
    ("Deepika", "दीपिका"),
    ("Neha", "नेहा"),
    ("Shanti", "शान्ति"),
    ("Usha", "उषा"),
    ("Vidya", "विद्या"),
    ("Gita", "गीता"),
    ("Kamala", "कमला"),
    ("Nirmala", "निर्मला"),
    ("Aarti", "आरती"),
    ("Manisha", "मनीषा"),
    ("Swati", "स्वाति"),
    ("Ritu", "ऋतु"),
];
const HINDI_MEN: [Pair; 24] = [
    ("Arjun", "अर्जुन"),
    ("Ravi", "रवि"),
    ("Suresh", "सुरेश"),
    ("Mohan", "मोहन"),
    ("Vijay", "विजय"),
    ("Anil", "अनिल"),
    ("Krishna", "कृष्ण"),
    ("Ganesh", "गणेश"),
    ("Rajesh", "राजेश"),
    ("Amit", "अमित"),
    ("Sanjay", "संजय"),
    ("Prakash", "प्रकाश"),
    ("Dinesh", "दिनेश"),
    ("Manoj", "मनोज"),
    ("Vikram", "विक्रम"),
    ("Rahul", "राहुल"),
    ("Harish", "हरीश"),
    ("Naresh", "नरेश"),
    ("Ashok", "अशोक"),
    ("Deepak", "दीपक"),
    ("Shyam", "श्याम"),
    ("Lakshman", "लक्ष्मण"),
    ("Bharat", "भरत"),
    ("Nikhil", "निखिल"),
];
const HINDI_FAMILIES: [Pair; 24] = [
    ("Sharma", "शर्मा"),
    ("Verma", "वर्मा"),
    ("Gupta", "गुप्ता"),
    ("Singh", "सिंह"),
    ("Yadav", "यादव"),
    ("Mishra", "मिश्रा"),
    ("Pandey", "पाण्डेय"),
    ("Tiwari", "तिवारी"),
    ("Chauhan", "चौहान"),
    ("Joshi", "जोशी"),
    ("Patel", "पटेल"),
    ("Mehta", "मेहता"),
    ("Saxena", "सक्सेना"),
    ("Srivastava", "श्रीवास्तव"),
    ("Agarwal", "अग्रवाल"),
    ("Dubey", "दुबे"),
    ("Rathore", "राठौर"),
    ("Bhatt", "भट्ट"),
    ("Kapoor", "कपूर"),
    ("Malhotra", "मल्होत्रा"),
    ("Thakur", "ठाकुर"),
    ("Shukla", "शुक्ला"),
    ("Chaturvedi", "चतुर्वेदी"),
    ("Rawat", "रावत"),
];

const FRENCH_PLACES: [Place; 3] = [
    Place {
        region: ("Lake Region", "Région des Lacs"),
        province: ("Upper Valley", "Haute-Vallée"),
        city: ("Saint-Eloi", "Saint-Éloi"),
        zone: ("Old Market", "Vieux-Marché"),
        postal_area: 21,
    },
    Place {
        region: ("Coast Region", "Région de la Côte"),
        province: ("Bay", "La Baie"),
        city: ("Port-Clair", "Port-Clair"),
        zone: ("Lighthouse", "Le Phare"),
        postal_area: 22,
    },
    Place {
        region: ("Forest Region", "Région des Forêts"),
        province: ("Clear Water", "Eaux-Claires"),
        city: ("Belle-Foret", "Belle-Forêt"),
        zone: ("Sawmill", "La Scierie"),
        postal_area: 23,
    },
];
const ARABIC_PLACES: [Place; 3] = [
    Place {
        region: ("Oasis Region", "جهة الواحة"),
        province: ("Eastern Palms", "النخيل الشرقي"),
        city: ("Ain Zahra", "عين الزهراء"),
        zone: ("Springs", "العيون"),
        postal_area: 41,
    },
    Place {
        region: ("Atlas Region", "جهة الأطلس"),
        province: ("Cedar Hills", "تلال الأرز"),
        city: ("Dar Salam", "دار السلام"),
        zone: ("New Gate", "الباب الجديد"),
        postal_area: 42,
    },
    Place {
        region: ("Gulf Region", "جهة الخليج"),
        province: ("Pearl Shore", "ساحل اللؤلؤ"),
        city: ("Al Marsa", "المرسى"),
        zone: ("Harbour", "الميناء"),
        postal_area: 43,
    },
];
const HINDI_PLACES: [Place; 3] = [
    Place {
        region: ("Plains Region", "मैदानी क्षेत्र"),
        province: ("River District", "नदी ज़िला"),
        city: ("Ramnagar", "रामनगर"),
        zone: ("East Ward", "पूर्वी वार्ड"),
        postal_area: 61,
    },
    Place {
        region: ("Hill Region", "पहाड़ी क्षेत्र"),
        province: ("Pine District", "देवदार ज़िला"),
        city: ("Shivpur", "शिवपुर"),
        zone: ("Upper Ward", "ऊपरी वार्ड"),
        postal_area: 62,
    },
    Place {
        region: ("Southern Region", "दक्षिणी क्षेत्र"),
        province: ("Lotus District", "कमल ज़िला"),
        city: ("Lakshmipur", "लक्ष्मीपुर"),
        zone: ("Market Ward", "बाज़ार वार्ड"),
        postal_area: 63,
    },
];

const FRENCH_STREETS: [Pair; 6] = [
    ("Lilac Street", "rue des Lilas"),
    ("Station Avenue", "avenue de la Gare"),
    ("Mill Lane", "chemin du Moulin"),
    ("School Street", "rue de l’École"),
    ("River Quay", "quai de la Rivière"),
    ("Orchard Road", "route du Verger"),
];
const ARABIC_STREETS: [Pair; 6] = [
    ("Independence Avenue", "شارع الاستقلال"),
    ("Olive Street", "زنقة الزيتون"),
    ("Jasmine Street", "شارع الياسمين"),
    ("Peace Avenue", "شارع السلام"),
    ("Library Street", "زنقة المكتبة"),
    ("Garden Street", "شارع الحديقة"),
];
const HINDI_STREETS: [Pair; 6] = [
    ("Gandhi Road", "गांधी मार्ग"),
    ("Station Road", "स्टेशन रोड"),
    ("Mango Lane", "आम गली"),
    ("School Road", "विद्यालय मार्ग"),
    ("Clock Tower Road", "घंटाघर मार्ग"),
    ("Garden Lane", "बाग़ गली"),
];
const FRENCH_QUARTERS: [Pair; 4] = [
    ("Old Town", "Vieille-Ville"),
    ("Station Quarter", "Quartier de la Gare"),
    ("Vineyards", "Les Vignes"),
    ("North Quarter", "Quartier Nord"),
];
const ARABIC_QUARTERS: [Pair; 4] = [
    ("Old Medina", "المدينة القديمة"),
    ("Andalus Quarter", "حي الأندلس"),
    ("Nakhil Quarter", "حي النخيل"),
    ("Riad Quarter", "حي الرياض"),
];
const HINDI_QUARTERS: [Pair; 4] = [
    ("Civil Lines", "सिविल लाइन्स"),
    ("Old Market", "पुराना बाज़ार"),
    ("Nehru Nagar", "नेहरू नगर"),
    ("Shastri Colony", "शास्त्री कॉलोनी"),
];
